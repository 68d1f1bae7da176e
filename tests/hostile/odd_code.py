"""Code with odd names, files, lines and namespaces."""

import types


class Namespace(dict):
    def __missing__(self, name):
        missing.append(name)
        if name == "supplied":
            return [1]
        raise KeyError(name)

    def __setitem__(self, name, value):
        stored.append(name)
        super().__setitem__(name, value)


missing, stored = [], []


def run(text, filename, names):
    exec(compile(text, filename, "exec"), names)
    return names


def main():
    run("x = 1\ny = [x]\ny.append(2)\n", "", {})
    run("x = 1\n", "\udcff.py", {})
    run("def f():\n    return 1\nf()\n", "/no/such/file.py", {"__name__": 7})
    run("x = 1", "<string>", {"__builtins__": {}})
    names = Namespace()
    exec("a = supplied\na.append(2)\nb = a", {}, names)
    code = (lambda n: n + 1).__code__
    moved = code.replace(co_firstlineno=2_000_000_000, co_name="\ud800", co_filename="\0")
    print(types.FunctionType(moved, {})(3))
    bare = types.FunctionType((lambda: answer).__code__, {"answer": 42})
    print(bare(), missing, sorted(set(stored)))
    print(eval("[i * 2 for i in data]", {"data": (1, 2)}))
    try:
        exec("x = ", {})
    except SyntaxError as error:
        print(error.msg)


main()
