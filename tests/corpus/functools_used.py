"""functools: caches, partial, reduce, singledispatch, cached_property, total ordering, wraps."""

import functools


@functools.lru_cache(maxsize=4)
def ways(n, *, coins=(1, 2)):
    if n < 0:
        return 0
    return 1 if n == 0 else sum(ways(n - coin, coins=coins) for coin in coins)


@functools.singledispatch
def show(value, depth=0):
    return f"?{type(value).__name__}"


@show.register(int | float)
def _(value, depth=0):
    return f"{value}@{depth}"


@show.register
def _(value: list, depth=0):
    return [show(item, depth + 1) for item in value]


class Report:
    n_read = 0

    def __init__(self, rows):
        self.rows = rows

    @functools.cached_property
    def total(self):
        self.n_read += 1
        return sum(self.rows)

    @functools.singledispatchmethod
    def add(self, row):
        raise TypeError(row)

    @add.register
    def _(self, row: int):
        self.rows.append(row)

    @add.register
    def _(self, row: str):
        self.rows.append(len(row))

    add_ten = functools.partialmethod(add, 10)


report = Report([1, 2])
report.add(5), report.add("four"), report.add_ten()
print(report.total, report.total, report.n_read)
del report.total
report.rows.clear()
print(report.total, report.n_read, show([1, 2.5, ["x", None]]))
print(ways(6), ways.cache_info()[:2], ways(3, coins=(1,)))
power = functools.partial(pow, exp=2)
print(power(5), functools.partial(power, mod=7)(5), functools.reduce(lambda a, b: a * 10 + b, [1, 2, 3]))
print(sorted(["b", "a", "C"], key=functools.cmp_to_key(lambda a, b: (a.lower() > b.lower()) - 0.5)))
