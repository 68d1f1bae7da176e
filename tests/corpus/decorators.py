"""Decorators: plain, with arguments, stacked, on methods and classes, with state."""

import functools

REGISTRY = {}


def logged(function):
    calls = []

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        calls.append(args)
        result = function(*args, **kwargs)
        return result
    wrapper.calls = calls
    return wrapper


def times(n):
    def decorate(function):
        def repeated(*args):
            return [function(*args) for _ in range(n)]
        return repeated
    return decorate


def register(cls):
    REGISTRY[cls.__name__] = cls
    cls.registered = True
    return cls


@logged
def add(a, b=1):
    return a + b


@times(2)
@logged
def greet(name):
    return "hi " + name


@register
class Plugin:
    @logged
    def run(self, x):
        self.last = x
        return x


@functools.lru_cache(maxsize=None)
def slow(n):
    return n if n < 2 else slow(n - 1) + slow(n - 2)


def main():
    print(add(1), add(2, b=3), len(add.calls), greet("you"))
    plugin = REGISTRY["Plugin"]()
    print(plugin.run(4), plugin.last, Plugin.registered, slow(8))


if __name__ == "__main__":
    main()
