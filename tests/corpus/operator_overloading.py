"""A vector and a money class: arithmetic of both sides, comparison, hashing, indexing, calling."""

from functools import total_ordering


class Vector:
    def __init__(self, *parts):
        self.parts = list(parts)

    def __add__(self, other):
        if not isinstance(other, Vector):
            return NotImplemented
        return Vector(*map(sum, zip(self.parts, other.parts)))

    def __mul__(self, by):
        return Vector(*(part * by for part in self.parts))

    __rmul__ = __mul__

    def __matmul__(self, other):
        return sum(a * b for a, b in zip(self.parts, other.parts))

    def __neg__(self):
        return -1 * self

    def __getitem__(self, key):
        return Vector(*self.parts[key]) if isinstance(key, slice) else self.parts[key]

    def __setitem__(self, key, value):
        self.parts[key] = value

    def __bool__(self):
        return any(self.parts)

    def __len__(self):
        return len(self.parts)


@total_ordering
class Money:
    def __init__(self, cents):
        self.cents = cents

    def __eq__(self, other):
        return isinstance(other, Money) and self.cents == other.cents

    def __lt__(self, other):
        return self.cents < other.cents

    def __hash__(self):
        return hash(self.cents)

    def __radd__(self, other):
        return Money(other + self.cents)

    def __divmod__(self, by):
        return Money(self.cents // by), Money(self.cents % by)


a, b = Vector(1, 2, 3), Vector(4, 0, 6)
c = 2 * a + b * 3 + -a
c[0], c[1:] = 0, [7, 8]
print(c.parts, a @ b, bool(Vector(0, 0)), len(c[:2]))
try:
    a + 1
except TypeError as error:
    print("no sum")
prices = [Money(5), Money(3), Money(5)]
total = sum(price.cents for price in prices) + Money(1)
share, rest = divmod(total, 4)
print(max(prices).cents, prices[0] >= prices[1], len(set(prices)), share.cents, rest.cents)
