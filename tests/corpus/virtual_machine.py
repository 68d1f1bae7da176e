"""A stack machine with jumps, calls and variables runs a small program, step by step."""

PROGRAM = """
    push 4
    call factorial
    print
    halt
factorial:
    dup
    push 2
    less
    jump_if one
    dup
    push 1
    sub
    call factorial
    mul
    return
one:
    pop
    push 1
    return
"""


def assemble(text):
    code, labels = [], {}
    for line in text.split("\n"):
        words = line.split()
        if not words:
            continue
        if words[0].endswith(":"):
            labels[words[0][:-1]] = len(code)
        else:
            code.append(words)
    return [(name, *(labels.get(a, a) for a in arguments)) for name, *arguments in code]


class Machine:
    def __init__(self, code):
        self.code, self.stack, self.calls, self.at, self.output = code, [], [], 0, []

    def run(self):
        n_steps = 0
        while self.at is not None:
            name, *arguments = self.code[self.at]
            self.at += 1
            getattr(self, "do_" + name)(*arguments)
            n_steps += 1
        return self.output, n_steps

    def binary(self, function):
        right, left = self.stack.pop(), self.stack.pop()
        self.stack.append(function(left, right))

    def do_push(self, word):
        self.stack.append(int(word))

    def do_pop(self):
        self.stack.pop()

    def do_dup(self):
        self.stack.append(self.stack[-1])

    def do_sub(self):
        self.binary(lambda a, b: a - b)

    def do_mul(self):
        self.binary(lambda a, b: a * b)

    def do_less(self):
        self.binary(lambda a, b: a < b)

    def do_jump_if(self, target):
        if self.stack.pop():
            self.at = target

    def do_call(self, target):
        self.calls.append(self.at)
        self.at = target

    def do_return(self):
        self.at = self.calls.pop()

    def do_print(self):
        self.output.append(self.stack.pop())

    def do_halt(self):
        self.at = None


code = assemble(PROGRAM)
code[0] = ("push", "3")
print(Machine(code).run())
