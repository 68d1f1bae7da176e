"""A small interpreter of stack programs: errors, loops and state in one place."""


class StackError(Exception):
    pass


class Machine:
    def __init__(self):
        self.stack, self.errors, self.steps = [], [], 0

    def pop(self):
        if not self.stack:
            raise StackError("empty")
        return self.stack.pop()

    def run(self, program):
        for token in program.split():
            self.steps += 1
            try:
                if token in "+-*/":
                    b, a = self.pop(), self.pop()
                    self.stack.append({"+": a + b, "-": a - b, "*": a * b}[token])
                elif token == "dup":
                    self.stack.append(self.stack[-1])
                else:
                    self.stack.append(int(token))
            except StackError as error:
                self.errors.append((token, *error.args))
            except (KeyError, ValueError, IndexError) as error:
                self.errors.append((token, type(error).__name__))
                continue
        return self.stack


def main():
    machine = Machine()
    print(machine.run("1 2 + dup * x 4 / +"))
    print(machine.errors, machine.steps)


if __name__ == "__main__":
    main()
