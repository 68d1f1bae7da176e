"""code.InteractiveInterpreter and InteractiveConsole, fed line by line, with errors shown."""

import code
import contextlib
import io


class Console(code.InteractiveConsole):
    def __init__(self, names):
        super().__init__(names, filename="<console>")
        self.errors = []

    def write(self, text):
        self.errors.append(text.strip().splitlines()[-1])


def feed(console, lines):
    out, waiting = io.StringIO(), []
    with contextlib.redirect_stdout(out):
        for line in lines:
            waiting.append(console.push(line))
    return waiting, out.getvalue().split()


names = {"data": [1, 2]}
console = Console(names)
print(feed(console, ["data.append(3)", "for n in data:", "    print(n * n)", ""]))
print(feed(console, ["def f(x):", "    return data[x]", "", "f(1)", "f(9)", "1 +", "f(0)"]))
print(console.errors, names["data"], sorted(name for name in names if name[0] != "_"))
interpreter = code.InteractiveInterpreter({"n": 5})
print(interpreter.runsource("n = n + 1"), interpreter.runsource("if n:"), interpreter.locals["n"])
