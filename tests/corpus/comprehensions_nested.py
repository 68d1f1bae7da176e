"""Comprehensions in comprehensions, with conditions at every level and unpacked targets."""

GRID = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
PEOPLE = [("ann", ("ny", 31)), ("bob", ("la", 25)), ("cid", ("ny", 45))]


def transpose(rows):
    return [[row[i] for row in rows] for i in range(len(rows[0]))]


def pairs_below(limit):
    return [(a, b) for a in range(limit) if a % 2 for b in range(a) if (a + b) % 3]


def by_city(people):
    cities = {city for _, (city, _) in people}
    return {city: [name for name, (c, _) in people if c == city] for city in sorted(cities)}


def triangle(n):
    return [
        [
            i * j
            for j in range(1, i + 1)
            if j != 2
        ]
        for i in range(1, n + 1)
    ]


def spread(rows):
    return [x for first, *rest in rows for x in (*rest, first)]


def named_powers(n):
    return [[y := x, y**2] for x in range(n)], y


def flat(rows):
    return {cell for row in rows for cell in row if cell % 2 == 0}


def products(n):
    return {k: {v: k * v for v in range(k)} for k in range(n)}


def primes(n):
    composite = {j for i in range(2, n) for j in range(i * 2, n, i)}
    return [i for i in range(2, n) if i not in composite]


print(transpose(GRID))
print(pairs_below(5), triangle(3))
print(by_city(PEOPLE))
print(spread(GRID), primes(14), named_powers(3))
print(sorted(flat(GRID)))
print(products(3))
