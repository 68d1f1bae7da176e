"""Lambdas with every kind of parameter, in tables, recursive, curried, as keys, and bound late."""

fix = lambda f: (lambda x: x(x))(lambda x: f(lambda *args: x(x)(*args)))
factorial = fix(lambda again: lambda n: 1 if n < 2 else n * again(n - 1))
compose = lambda *functions: lambda x: x if not functions else compose(*functions[1:])(functions[0](x))
kinds = lambda a, /, b=2, *rest, c, d=4, **more: (a, b, rest, c, d, more)

table = {
    "add": lambda a, b: a + b,
    "swap": lambda a, b: (b, a),
    "raise": lambda *args: 1 / 0,
    "nested": lambda a, b: (lambda a: (lambda b: (a, b))(a * 2))(b),
}


class Switch:
    on = lambda self: setattr(self, "state", True) or self
    toggle = lambda self: self.__dict__.update(state=not self.state) or self.state


def apply_all(a, b):
    results = {}
    for name, function in table.items():
        try:
            results[name] = function(a, b)
        except ZeroDivisionError:
            results[name] = "raised"
    return results


def late():
    functions = []
    for i in range(3):
        functions.append((lambda: i, lambda i=i: i))
    i = 10
    return [(f(), g()) for f, g in functions]


print(factorial(5), compose(str, len, lambda n: n + 1)(1234), kinds(1, c=3), kinds(1, 5, 6, c=7, z=8))
print(apply_all(3, 4), late(), Switch().on().toggle())
print(sorted("bca", key=lambda c: -ord(c)), max([3, 1], key=lambda n: -n), (lambda: (yield 5))().send(None))
