"""Recursion across the chunks of the data stack and back, a thousand times, in every kind of frame."""
# says: it has no value apart

import sys

# A chunk holds 16 KiB, which is some hundred small frames.
BIG = f"def big(n, f):\n    {' = '.join(f'v{i}' for i in range(1500))} = n\n"
names = {}
exec(compile(BIG + "    return f(n) if f else v7\n", __file__, "exec"), names)
big = names["big"]


def down(n, seen):
    seen.append(n)
    if n:
        down(n - 1, seen)
    seen.pop()
    return len(seen)


def falls(n, seen):
    try:
        seen.append(n)
        if n == 0:
            raise ValueError(seen[-1])
        falls(n - 1, seen)
    finally:
        seen.append(-n)


def nested(n, held):
    if n:
        yield from nested(n - 1, held)
    held.append(n)
    yield held[-1]


def in_generator(n):
    held = []
    running = nested(n, held)
    results = [next(running)]
    results.append(big(1, lambda m: next(running)))
    results.append(running.send(None))
    try:
        running.throw(KeyError(5))
    except KeyError as error:
        results.append(error.args)
    return results, held


def edge(n):
    """Calls at each depth, so that some calls cross the end of a chunk again and again."""
    total = [0]
    for _ in range(3):
        total[0] += leaf(total, n)
    if n:
        edge(n - 1)
    return total


def leaf(total, n):
    held = [total, n]
    return len(held)


class Deep:
    def __init__(self, n):
        self.inner = Deep(n - 1) if n else None

    def __eq__(self, other):
        return self.inner == other.inner

    def __getattr__(self, name):
        return getattr(self.inner, name, [name])


async def awaits(n):
    return [n] if n == 0 else await awaits(n - 1)


def main():
    sys.setrecursionlimit(10_000)
    for n in (50, 110, 120, 130, 400, 2000):
        print(n, down(n, []), edge(n // 4), in_generator(n // 4))
        seen = []
        try:
            falls(n, seen)
        except ValueError as error:
            print(error, len(seen), sum(seen))
        print(Deep(n // 10) == Deep(n // 10), Deep(n // 10).missing)
        running = awaits(n)
        try:
            running.send(None)
        except StopIteration as end:
            print(end.value)
    print([big(n, lambda n: big(n, None)) for n in range(10)])
    print([big(n, lambda n: down(n, [])) for n in range(100, 110)])
    print(sum(x for n in range(20) for x in nested(n, [])))


main()
