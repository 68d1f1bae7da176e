"""Weak references: dictionaries and sets that forget, callbacks, finalizers, weak methods."""

import weakref


class Node:
    def __init__(self, name, parent=None):
        self.name = name
        self.parent = weakref.ref(parent) if parent else None
        self.children = []
        if parent:
            parent.children.append(self)

    def path(self):
        above = self.parent and self.parent()
        return f"{above.path()}/{self.name}" if above else self.name


class Signal:
    def __init__(self):
        self.listeners = []

    def connect(self, method):
        self.listeners.append(weakref.WeakMethod(method))

    def send(self, value):
        heard = [listener() for listener in self.listeners]
        return [method(value) for method in heard if method]


class Ear:
    def hear(self, value):
        return value + 1


def forget():
    cache, members, log = weakref.WeakValueDictionary(), weakref.WeakSet(), []
    kept, dropped = Node("kept"), Node("dropped")
    cache["k"], cache["d"] = kept, dropped
    members.add(dropped)
    weakref.finalize(dropped, log.append, "finalized")
    reference = weakref.ref(dropped)
    before = sorted(cache), len(members)
    del dropped
    return before, sorted(cache), len(members), log, reference() is None


root = Node("root")
leaf = Node("leaf", Node("inner", root))
print(leaf.path(), forget())
root.children.clear()
signal, ear = Signal(), Ear()
signal.connect(ear.hear)
signal.connect(Ear().hear)
print(leaf.path(), signal.send(1))
proxy = weakref.proxy(ear)
print(proxy.hear(5))
del ear
try:
    proxy.hear(6)
except ReferenceError:
    print("gone", signal.send(1))
