"""Bound methods, partials, slices, patterns and descriptors in data."""

import functools
import re
from types import SimpleNamespace


class Robot:
    def __init__(self, name):
        self.name = name
        self.steps = 0

    def walk(self, n):
        self.steps += n
        return self.steps


def scale(x, factor=1, *, offset=0):
    return x * factor + offset


robot = Robot("r1")
moves = [robot.walk, functools.partial(robot.walk, 3), functools.partial(scale, offset=[1][0])]
moves[0](2)
moves[1]()
partial = moves[2]
partial.keywords["factor"] = 4
partial.label = "scaled"
value = partial(5)
middle = slice(1, -1, 2)
parts = [1, 2, 3, 4, 5][middle]
pattern = re.compile(r"(\w)(\d+)?", re.IGNORECASE)
match = pattern.match("a12")
config = SimpleNamespace(depth=1, tags=["x"])
config.depth += 1
config.tags.append(config)
push = parts.append
push(match.group(2))
sentinel = object()
table = {str.upper: "up", len: "size", Robot.walk: "walk", sentinel: None}
kinds = [table[str.upper], table[len], table[Robot.walk]]
view = table.keys()
alias = list[int] | None
print(robot.steps, value, parts, match.groups(), config.depth, kinds, len(view), alias)
