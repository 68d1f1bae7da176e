"""__code__, __defaults__ and __kwdefaults__ of functions replaced, also while they are running."""


def plain(x):
    return x + 1


def other(x, y=5):
    total = x * y
    return total


def suspended():
    yield "old 1"
    yield "old 2"


def renewed():
    for word in ("new 1", "new 2", "new 3"):
        yield word


def running(n):
    running.__code__ = replacement.__code__
    label = f"old {n}"
    return [label] + (running(n - 1) if n else [])


def replacement(n):
    return [f"new {n}"]


def make(base):
    def add(x):
        return base + x

    return add


print(plain(2))
plain.__code__ = other.__code__
try:
    plain(2)
except TypeError as error:
    print("needs y")
plain.__defaults__ = (10,)
print(plain(2), plain.__name__, plain.__code__.co_name)
generator = suspended()
print(next(generator))
suspended.__code__ = renewed.__code__
print(list(generator), list(suspended()))
print(running(2), running(2))
first, second = make(1), make(100)
second.__code__ = (lambda base: lambda x: base * x)(0).__code__
print(first(5), second(5))
plain.__code__ = plain.__code__.replace(co_consts=plain.__code__.co_consts, co_name="renamed")
print(plain(3), plain.__code__.co_name)
