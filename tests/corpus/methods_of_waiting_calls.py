"""Lists of waiting calls, changed by methods that deeper calls got in many ways; and dicts that C code
fills of which nothing is known, while recorded functions look at them."""

import collections
import functools

METHODS = []


def changes_by(methods, value):
    for method in methods:
        list(map(method, [value]))
    return len(methods)


def by_argument(depth):
    out = [depth]
    append = out.append
    if depth:
        inner = by_argument(depth - 1)
        n = changes_by([append], inner[-1])
    else:
        n = 0
    size = len(out)
    return out + [n, size]


def by_global(depth):
    out = []
    append = out.append
    METHODS.append(append)
    if depth:
        by_global(depth - 1)
    else:
        changes_by(METHODS, "deepest")
    found = list(out)
    list(map(METHODS.pop(), "x"))
    return found, out


def by_cell():
    out = []
    append = out.append

    def change(value):
        list(map(append, [value]))
        return value

    first = change(1)
    second = change(2)
    return out, first, second


def by_partial(depth, change=None):
    out = {}
    setdefault = out.setdefault
    if depth:
        by_partial(depth - 1, functools.partial(setdefault, depth))
    if change is not None:
        list(map(change, "a"))
    seen = dict(out)
    return seen


def by_generator():
    out = []
    extend = out.extend
    while True:
        got = yield extend
        if got is None:
            break
        size = len(out)
    yield out


def drives():
    waiting = [by_generator() for _ in range(3)]
    extends = [next(generator) for generator in waiting]
    for at, extend in enumerate(extends):
        list(map(extend, [[at], [at]]))
        waiting[at - 1].send(at)
    results = [generator.send(None) for generator in waiting]
    return results


def held_only_by_a_method(depth):
    append = [].append
    if depth:
        held_only_by_a_method(depth - 1)
    list(map(append, [depth]))
    owner = append.__self__
    return owner


class Tally:
    def __init__(self, seen, counts):
        self.seen = seen
        self.counts = counts

    def __add__(self, one):
        n_known = len(self.counts)
        if n_known < 4:
            self.counts[n_known] = [one]
        return Tally(self.seen + [n_known], self.counts)


def count():
    counts = {}
    counts["a"] = Tally([], counts)
    counts["b"] = Tally(["b"], counts)
    fill = functools.partial(collections._count_elements, counts)
    fill("abab")
    held = counts["a"]
    fill("aab")
    counts.pop("a")
    return held.seen, [key for key in counts], counts["b"].seen


def main():
    print(by_argument(4))
    print(by_global(3), METHODS)
    print(by_cell())
    print(by_partial(3))
    print(drives())
    print(held_only_by_a_method(3))
    print(count())


main()
