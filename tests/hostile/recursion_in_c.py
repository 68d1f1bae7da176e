"""`RecursionError` inside comparison, hashing, `repr`, copying, pickling and JSON, caught."""

import copy
import json
import pickle
import sys


class Itself:
    def __eq__(self, other):
        return [self] == [other]

    def __lt__(self, other):
        return (self,) < (other,)

    def __hash__(self):
        return hash((self,))

    def __repr__(self):
        return repr([self])

    def __add__(self, other):
        return self + other

    def __bool__(self):
        return bool(self.other)

    def __iter__(self):
        return iter(self)

    @property
    def other(self):
        return self.other


NESTED = """
def nested(depth):
    deep = []
    for _ in range(depth):
        deep = [deep]
    return deep
"""
builders = {}
exec(compile(NESTED, "builders", "exec"), builders)
nested = builders["nested"]


def tries(name, function, *arguments):
    try:
        function(*arguments)
    except RecursionError as error:
        error.seen = arguments
        return name, "RecursionError"
    return name, "done"


def main():
    one, two = Itself(), Itself()
    yield tries("equal", lambda: one == two)
    yield tries("hash", hash, one)
    yield tries("repr", repr, one)
    yield tries("add", lambda: one + two)
    yield tries("bool", bool, one)
    yield tries("iter", iter, one)
    yield tries("in", lambda: one in [two])
    yield tries("sort", [two, one].sort)
    deep = nested(100_000)
    yield tries("repr of lists", repr, deep)
    yield tries("equal lists", lambda: deep == nested(100_000))
    yield tries("deepcopy", copy.deepcopy, nested(2000))
    yield tries("json", json.dumps, deep)
    yield tries("pickle", pickle.dumps, deep)
    yield tries("loads", json.loads, "[" * 100_000)
    yield tries("compile", eval, "-" * 50 + "1")
    sys.setrecursionlimit(150)
    yield tries("map", lambda: list(map(lambda n: repr(one), range(2))))
    sys.setrecursionlimit(1000)


for line in main():
    print(line)
