"""Callables that bring arguments along or look up names: what they change when C code calls them."""

import functools
import operator


class Box:
    def __init__(self, name):
        self.name = name
        self.items = []

    def put(self, item):
        self.items.append(item)
        return len(self.items)


class Counted(functools.partial):
    """A subclass of a callable written in C."""


def by_partial():
    xs = []
    alias = xs
    for _ in map(functools.partial(list.append, xs), [1, 2]):
        seen = len(alias)
    extend = functools.partial(functools.partial(list.extend, xs), [3])
    extend()
    pushes = [functools.partial(xs.append, 4)]
    for _ in map(operator.call, pushes):
        seen = xs[-1]
    return alias, seen


def by_name():
    boxes = [Box("a"), Box("b")]
    names = list(map(operator.attrgetter("name"), boxes))
    put = functools.partial(boxes[0].put, 1)
    put()
    for n in map(operator.methodcaller("put", 2), boxes):
        names.append(n)
    for append in map(operator.attrgetter("items.append"), boxes):
        append(3)
    lists = [box.items for box in boxes]
    for _ in map(operator.methodcaller("append", 4), lists):
        n = len(lists[0])
    return names, lists, n


def by_setter():
    box = Box("c")
    for _ in map(functools.partial(setattr, box), ["name", "size"], ["d", 2]):
        name = box.name
    return vars(box), name


def by_subclass():
    xs = []
    for _ in map(Counted(list.append, xs), "ab"):
        n = len(xs)
    Counted(xs.append)("c")
    return xs, n


print(by_partial())
print(by_name())
print(by_setter())
print(by_subclass())
