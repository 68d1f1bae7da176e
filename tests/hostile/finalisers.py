"""Finalisers and weak references: when they run must not change."""
# says: it has no value apart

import gc
import weakref

log = []


class Node:
    def __init__(self, name):
        self.name = name
        self.other = None

    def __del__(self):
        log.append(f"del {self.name}")


class Phoenix:
    kept = []

    def __del__(self):
        log.append("resurrected")
        Phoenix.kept.append(self)


class Raising:
    def __del__(self):
        log.append("raising")
        raise ValueError("in a finaliser")


def main():
    a = Node("a")
    weak = weakref.ref(a, lambda _: log.append("callback"))
    a = None
    log.append(("a is gone", weak() is None))
    pair = Node("b"), Node("c")
    pair[0].other, pair[1].other = pair[1], pair[0]
    pair = None
    log.append("cycle is garbage")
    gc.collect()
    log.append("collected")
    phoenix = Phoenix()
    del phoenix
    phoenix = Phoenix.kept.pop()
    phoenix.again = True
    del phoenix
    table = weakref.WeakValueDictionary()
    table["x"] = node = Node("d")
    log.append(len(table))
    node = [node]
    node.clear()
    log.append(len(table))
    for n in range(3):
        temporary = Node(n)
    del temporary
    values = weakref.WeakKeyDictionary()
    key = Node("key")
    values[key] = key.name
    del key
    log.append(len(values))
    return [Node("in a list"), Node("in a list too")]


gc.disable()
result = main()
result.pop()
result = None
gc.enable()
print("\n".join(map(str, log)))
