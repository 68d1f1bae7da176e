"""Subclasses of int, float, str and bytes with attributes, and decimals."""

from decimal import Decimal, localcontext
from fractions import Fraction


class Metres(float):
    unit = "m"

    def __add__(self, other):
        return Metres(float(self) + float(other))


class Counter(int):
    def __new__(cls, value, history=()):
        self = super().__new__(cls, value)
        self.history = [*history, int(value)]
        return self

    def up(self):
        return Counter(self + 1, self.history)


class Tag(str):
    __slots__ = ("seen",)


class Blob(bytes):
    pass


class Turn(complex):
    pass


def spend(balance, price):
    balance -= price
    with localcontext() as context:
        context.prec = 6
        balance = balance / 3
    return balance


length = Metres(1.5)
length = length + 2
count = Counter(10**20)
for _ in range(3):
    count = count.up()
tag = Tag("long " * 30)
tag.seen = 1
tag.seen += 1
blob = Blob(b"\x00\xff" * 50)
blob.note = {"kept": blob}
turn = Turn(1, -0.0)
balance = spend(Decimal("100.10"), Decimal("0.10"))
odd = [Decimal("NaN"), Decimal("-Infinity"), Decimal("1E+3"), Fraction(6, 4)]
odd.append(odd[-1] + 1)
print(length, count, count.history, tag.seen, len(blob), turn, balance, odd)
