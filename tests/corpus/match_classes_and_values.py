"""Class patterns by position and name, value patterns, builtin classes, and nested trees."""

import enum
from dataclasses import dataclass


class Color(enum.Enum):
    RED, GREEN = 1, 2


class Limits:
    MAXIMUM = 99


@dataclass
class Number:
    value: float


@dataclass
class Binary:
    operator: str
    left: object
    right: object


class Pair:
    __match_args__ = ("left", "right")

    def __init__(self, left, right):
        self.left, self.right = left, right


def simplify(tree):
    match tree:
        case Binary("*", Number(0), _) | Binary("*", _, Number(0)):
            return Number(0)
        case Binary("+", Number(a), Number(b)):
            return Number(a + b)
        case Binary("+", same, Number(value=0)):
            return simplify(same)
        case Binary(operator, left, right):
            new = Binary(operator, simplify(left), simplify(right))
            return new if new == tree else simplify(new)
        case Number():
            return tree


def describe(value):
    match value:
        case Color.RED | Color.GREEN as color:
            return color.name
        case Limits.MAXIMUM:
            return "maximum"
        case bool(flag):
            return not flag
        case int(n) | float(n) if n < 0:
            return -n
        case Pair(Pair(a, _), right=[*b]):
            return a, b
        case Pair(left=left) if left is value:
            return "itself"
        case str(text) | bytes(text):
            return len(text)
    return "unknown"


print(simplify(Binary("+", Binary("*", Number(5), Binary("+", Number(1), Number(-1))), Number(0))))
loop = Pair(None, None)
loop.left = loop
for value in (Color.GREEN, 99, True, -2.5, 7, Pair(Pair(1, 2), (3, 4)), loop, "four", b"xy"):
    print(describe(value))
