"""Nesting that recorded lines make a million deep, one level each, and change at both ends.

The portable tier compares at each line all that its frame reaches, so that this takes it forever.
"""
# says: limit
# tier: fast

DEPTH = 1_000_000


class Node:
    __slots__ = ("next", "value")

    def __init__(self, next):
        self.next = next


def hold(thing, change):
    alias = thing
    change(thing)
    held = [alias]
    held.append(thing)
    return len(held)


def set_value(node):
    node.value = 1


def lists():
    deep = None
    for _ in range(DEPTH):
        deep = [deep]
    return hold(deep, lambda top: top.append(1))


def tuples():
    deep = ()
    for _ in range(DEPTH):
        deep = (deep,)
    return hold(deep, lambda top: None)


def dicts():
    deep = innermost = {}
    for _ in range(DEPTH):
        deep = {"inner": deep}
    innermost["changed"] = 1
    return hold(deep, lambda top: top.update(more=1))


def main():
    print(lists(), tuples(), dicts())
    deep = Node(None)
    last = deep
    for _ in range(1000):
        deep = Node(deep)
    last.value = [1]
    print(hold(deep, set_value))
    return deep.value


print(main())
