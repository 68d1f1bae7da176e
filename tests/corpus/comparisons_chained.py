"""Chained comparisons with side effects, mixed operators, identity, membership, and odd values."""


class Loud:
    def __init__(self, value, log):
        self.value, self.log = value, log

    def __lt__(self, other):
        self.log.append(f"{self.value}<{other.value}")
        return self.value < other.value

    def __eq__(self, other):
        self.log.append(f"{self.value}=={getattr(other, 'value', other)}")
        return NotImplemented if isinstance(other, int) else self.value == other.value

    __hash__ = None


def between(low, value, high, log):
    return Loud(low, log) < Loud(value, log) < Loud(high, log)


def evaluated(values):
    calls = []

    def value():
        calls.append(len(calls))
        return values.pop(0)

    return value() < value() <= value() != value(), calls, values


def classify(n):
    if 0 < n < 10:
        return "small"
    if n == 0 or n == 10 or not n <= 100:
        return "edge"
    return "large" if 10 < n <= 100 else "negative"


log = []
print(between(1, 2, 3, log), between(5, 2, 3, log), Loud(1, log) == 1, log)
print(evaluated([1, 2, 2, 3, 9]), evaluated([3, 2, 1]), [classify(n) for n in (-1, 0, 5, 50, 500)])
nan = float("nan")
print(nan == nan, nan in [nan], 1 == 1.0 == True is True, [] is not [] != [1] in [[1]], "a" < "b" > "a")
print((1, "a") < (1, "b") < (2,), [1, 2] <= [1, 2, 3], {1} < {1, 2} > {2}, None is None is not nan)
