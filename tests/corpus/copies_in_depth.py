"""copy and deepcopy with sharing, cycles, hooks, slots, and what stays shared."""

import copy


class Graph:
    def __init__(self):
        self.nodes, self.cache = {}, ["expensive"]

    def link(self, a, b):
        self.nodes.setdefault(a, []).append(b)
        return self

    def __copy__(self):
        twin = Graph()
        twin.nodes = dict(self.nodes)
        return twin

    def __getstate__(self):
        return {"nodes": self.nodes}

    def __setstate__(self, state):
        self.__dict__ |= state


class Slotted:
    __slots__ = ("a", "b")


def shares(left, right, path):
    found = []
    for step in path:
        left, right = left[step], right[step]
        found.append(left is right)
    return found


def main():
    inner = [1, 2]
    outer = {"x": inner, "y": inner, "t": (inner,)}
    outer["self"] = outer
    shallow, deep = copy.copy(outer), copy.deepcopy(outer)
    deep["x"].append(3)
    graph = Graph().link("a", inner)
    graph.link("g", graph)
    light, heavy = copy.copy(graph), copy.deepcopy(graph)
    light.link("a", "late")
    slotted = Slotted()
    slotted.a = [slotted]
    twin = copy.deepcopy(slotted)
    checks = deep["x"] is deep["y"], deep["self"] is deep, heavy.nodes["g"][0] is heavy
    return inner, shares(outer, shallow, "x"), deep["t"], checks, len(graph.nodes["a"]), twin.a[0] is twin


print(*main(), sep="\n")
print(copy.deepcopy([(1, [2])] * 2))
