"""Nesting a million deep, made by code that is not recorded, changed at both ends and let go."""
# says: limit

DEPTH = 1_000_000
BUILDERS = """
from collections import deque
from functools import partial
from types import SimpleNamespace


def nest(depth, wrap, innermost):
    deep = innermost
    for _ in range(depth):
        deep = wrap(deep)
    return deep


class Node:
    __slots__ = ("next", "value")

    def __init__(self, next):
        self.next = next


def enclose(inner):
    return lambda: inner


WRAPS = {
    "list": lambda deep: [deep],
    "tuple": lambda deep: (deep,),
    "dict": lambda deep: {"inner": deep},
    "deque": lambda deep: deque([deep]),
    "object": Node,
    "namespace": lambda deep: SimpleNamespace(inner=deep),
    "closure": enclose,
    "partial": lambda deep: partial(print, deep),
}
"""
builders = {"__name__": "builders"}
exec(compile(BUILDERS, "builders", "exec"), builders)
nest, WRAPS = builders["nest"], builders["WRAPS"]


def look_at(kind, depth):
    innermost = [kind]
    deep = nest(depth, WRAPS[kind], innermost)
    alias = deep
    innermost.append(depth)
    held = [alias, deep]
    held.append(innermost)
    return len(held), len(innermost)


def grow(depth):
    deep = None
    for _ in range(depth):
        deep = [deep]
    return deep is not None


for kind in WRAPS:
    print(kind, look_at(kind, DEPTH if kind in ("list", "tuple", "dict") else 10_000))
print(grow(1_000))
