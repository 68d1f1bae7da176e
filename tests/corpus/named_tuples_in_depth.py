"""namedtuple and NamedTuple: defaults, methods, replacing, subclassing, unpacking, making."""

from collections import namedtuple
from typing import NamedTuple

Point = namedtuple("Point", "x y", defaults=[0])
Row = namedtuple("Row", ["id", "class", "id"], rename=True)


class Employee(NamedTuple):
    name: str
    pay: float = 10.0
    boss: "Employee | None" = None

    @property
    def chain(self):
        return (self.name, *(self.boss.chain if self.boss else ()))

    def raised(self, by):
        return self._replace(pay=self.pay + by)


class Vector(Point):
    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y)

    def __new__(cls, x, y=0):
        made = super().__new__(cls, x, y)
        made.note = f"{x},{y}"
        return made


def main():
    point = Point(1)
    moved = point._replace(y=5)
    x, y = moved
    ann = Employee("ann")
    bob = Employee("bob", boss=ann).raised(5)
    total = sum((Vector(1, 2), Vector(3)), Vector(0))
    rows = [Row._make(values) for values in ("abc", [1, 2, 3])]
    return point, moved, x + y, bob.chain, bob.pay, total, total.note, rows, bob._asdict()["boss"] is ann


print(*main(), sep="\n")
print(Point._fields, Row._fields, Point._field_defaults, max(Point(1, 2), Point(1, 3)))
