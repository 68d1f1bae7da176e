"""exec and eval with namespaces of their own, shared ones, split ones, and compiled code."""


def calculator(lines):
    names, results = {"__builtins__": {}, "limit": 10}, []
    for line in lines:
        try:
            results.append(eval(line, names))
        except SyntaxError:
            exec(line, names)
        except NameError as error:
            results.append(error.name)
    return results, {key: value for key, value in names.items() if key != "__builtins__"}


def in_two_namespaces():
    outer, inner = {"x": 1}, {"x": 2}
    exec("y = x\nglobal z\nz = y + 1\ndef f(): return x", outer, inner)
    return outer["z"], inner["y"], inner["f"](), sorted(inner)


def with_locals():
    a, b = 2, 3
    total = eval("a + b")
    exec("a = 100; c = a + b")
    held = {}
    exec("a = 100; c = a + b", {}, held | {"b": b})
    return a, total, eval("[a * n for n in range(3)]", {"a": a})


def build(name, fields):
    lines = [f"def __init__(self, {', '.join(fields)}):"]
    lines += [f"    self.{field} = {field}" for field in fields]
    namespace = {}
    exec("\n".join(lines), namespace)
    return type(name, (), {"__init__": namespace["__init__"]})


code = compile("counter += 1", "<count>", "exec")
counter = 0
for _ in range(3):
    exec(code)
print(counter, calculator(["1 + 1", "x = limit * 2", "x - 1", "missing", "x = [x]", "len"]))
print(in_two_namespaces(), with_locals())
point = build("Point", ["x", "y"])(3, 4)
print(vars(point), eval(compile("point.x ** 2", "<expression>", "eval")))
