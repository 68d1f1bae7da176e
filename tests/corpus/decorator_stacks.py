"""Decorators with and without arguments, stacked, on methods and classes, by class and function."""

import functools


def repeated(times):
    def decorate(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            return [function(*args, **kwargs) for _ in range(times)]

        wrapper.times = times
        return wrapper

    return decorate


def registered(registry):
    def decorate(thing):
        registry[thing.__name__] = thing
        return thing

    return decorate


class Counted:
    def __init__(self, function):
        functools.update_wrapper(self, function)
        self.function, self.n_calls = function, 0

    def __call__(self, *args):
        self.n_calls += 1
        return self.function(*args)

    def __get__(self, instance, owner=None):
        return self if instance is None else functools.partial(self, instance)


commands = {}


@registered(commands)
@repeated(2)
@Counted
def shout(text):
    return text.upper() + "!"


@registered(commands)
class Greeter:
    def __init__(self, name):
        self.name = name

    @Counted
    def greet(self, greeting):
        return f"{greeting} {self.name}"

    @(lambda method: repeated(3)(method))
    def short(self):
        return self.name[0]


print(shout("a"), shout.times, shout.__wrapped__.n_calls)
greeter = commands["Greeter"]("ann")
print(greeter.greet("hi"), greeter.greet("ho"), Greeter.greet.n_calls, greeter.short())
print(sorted(commands), shout.__name__)
