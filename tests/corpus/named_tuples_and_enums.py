"""Named tuples and enums as values, keys and match subjects."""

import enum
from collections import namedtuple
from typing import NamedTuple

Pair = namedtuple("Pair", "left right")


class Color(enum.Enum):
    RED = 1
    GREEN = [2]


class Edge(NamedTuple):
    start: int
    end: list
    weight: float = 1.0


def main():
    pair = Pair(1, [2])
    other = pair._replace(left=pair)
    edge = Edge(0, [1])
    edge.end.append(other)
    table = {Color.RED: "r", pair.left: Color.GREEN}
    left, right = other
    color = Color(1)
    print(left.right, right, edge.weight, table[color], [c.name for c in Color])


if __name__ == "__main__":
    main()
