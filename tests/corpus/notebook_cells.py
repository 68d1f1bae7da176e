"""Cells of a notebook: compiled one by one in one namespace, with sources for tracebacks."""

import ast
import linecache
import traceback

CELLS = [
    "items = [3, 1, 2]\ndef double(x):\n    return x * 2",
    "items.sort()\n[double(i) for i in items]",
    "def double(x):\n    return x + x + 1\ndouble(items[-1])",
    "double(None)",
    "total = sum(items)\ntotal if total > 3 else None",
]


class Notebook:
    def __init__(self):
        self.names, self.outputs = {"__name__": "__main__"}, []

    def run(self, source):
        name = f"<cell {len(self.outputs)}>"
        linecache.cache[name] = (len(source), None, source.splitlines(True), name)
        tree = ast.parse(source, name)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        try:
            exec(compile(tree, name, "exec"), self.names)
            value = None
            if last is not None:
                value = eval(compile(ast.Expression(last.value), name, "eval"), self.names)
        except Exception as error:
            frames = traceback.extract_tb(error.__traceback__)
            value = (type(error).__name__, [(f.lineno, f.line) for f in frames if f.filename == name])
        self.outputs.append(value)
        self.names["_"] = value
        return value


notebook = Notebook()
for cell in CELLS:
    print(notebook.run(cell))
print(notebook.names["_"], len(notebook.outputs))
