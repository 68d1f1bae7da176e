"""Loops on one line, far below the first line of their function.

CPython keeps where a line begins as one byte counted from the first line of the code: further away
its line events cost a search, and the recorder tells lines by instructions instead.
"""

import asyncio


async def ready(value):
    return value


async def later(value):
    await asyncio.sleep(0)
    return value


async def countdown(start):
    for n in range(start, 0, -1):
        yield n


def loops(limit):
    # What follows begins far away.






















































































































































    squares = [n * n for n in range(limit)]
    names = {str(n): n for n in squares}
    pairs = {
        (a, b)
        for a in range(2)
        for b in range(a)
    }
    n = 0
    while n < limit: n += 1
    for n in range(limit): names[n] = n
    for n in range(3): pass
    for n in range(3): squares.append(n); n = -n
    for a in range(2):
        for b in range(2): squares.append([a, b])
    while n < 4:
        n += 1
        if n == 2: continue
        squares.append(n)
    for n in range(4):
        try: squares.append(1 // (n % 2))
        except ZeroDivisionError: names[n] = "none"
    return squares, names, pairs, n


def numbers(limit):
    # As above.






















































































































































    for n in range(limit): yield n
    yield from (n for n in range(limit))
    n = -1
    while n < limit: n = (yield n) or n + 1
    with_lines = [
        n
        for n in range(limit)
        if n
    ]
    yield with_lines


async def awaiting(limit):
    # As above.






















































































































































    found = [await later(n) for n in range(limit)]
    for n in range(limit): found.append(await ready(n))
    async for n in countdown(limit): found.append(n)
    found += [n async for n in countdown(limit)]
    while limit: limit = await later(limit - 1)
    first, second = await asyncio.gather(later(1), later([2]))
    return found, first, second


print(loops(3))
print(list(numbers(3)))
print(asyncio.run(awaiting(2)))
