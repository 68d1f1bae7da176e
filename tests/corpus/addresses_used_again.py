"""New objects at the addresses of objects that died where no line of a recorded call shows it."""

import gc

shared = {}


class Ring:
    """Refers to itself: only the garbage collector ends it."""

    def __init__(self, items):
        self.items = items
        self.inner = [items, [items]]
        self.me = self


def lists(count):
    """Lists that come and go at the same few addresses."""
    for i in range(count):
        a = [i]
        b = [i, i]
        a = None
        b = None
        c = [i + 10]
        d = [[i], [i, 1], [[i, 2]]]
        c = d = None
        e = [i + 20]
    return e


def rings(count):
    for i in range(count):
        ring = Ring([i])
    ring = None


def rebound_in_a_closure():
    x = [1]
    y = {"k": [2]}

    def inner():
        nonlocal x, y
        x = None
        a = [3]
        a = None
        y = None
        b = [4]
        b = None
        c = {"k": [5]}
        x = [6]
        d = [7]
        return [a, b, c, d]

    def outer_again():
        nonlocal x
        z = [8]
        x = z
        z = None
        x = None
        return [9]

    first = inner()
    x = [10]
    second = outer_again()
    return x, y, first, second


def on_one_line(xs, table):
    xs[0] = None; table["k"] = [2]
    xs[1] = None; shared["k"] = [3]
    xs.pop(); table["l"] = [4]; xs.pop(); shared["l"] = {"v": [5]}
    a = xs.pop(); a = None; table["m"] = [6]
    return [xs, table]


def handed_back(n):
    """Values that nothing but the caller's line holds meanwhile."""
    for i in range(n):
        value = [make(i), make(i + 1)]
        make(i)
        value = make(make(i))
        value = None
        value = make(3)
    return value


def make(x):
    made = [x]
    made.append([x])
    return made


def kept_by_a_generator():
    def numbers():
        own = [1]
        yield own
        own = None
        other = [2]
        yield other
        other = None
        yield [3]

    running = numbers()
    a = next(running)
    a = None
    b = next(running)
    b = [4]
    c = next(running)
    d = list(running)
    running = None
    d = [5]
    return b, c, d


rings(5)
gc.collect()
lists(6)
rings(3)
first = lists(2)
gc.collect()
second = lists(6)
third = rebound_in_a_closure()
fourth = on_one_line([[0], [1], [2], [3], [4]], {})
fifth = handed_back(4)
sixth = kept_by_a_generator()
rings(4)
gc.collect()
seventh = [lists(3), handed_back(3), rebound_in_a_closure()]
