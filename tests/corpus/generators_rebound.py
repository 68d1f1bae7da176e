"""Variables of suspended generators and coroutines that others bind meanwhile: what they held is gone."""

import asyncio
from decimal import Decimal


def counting(start):
    held = [start] * 3

    def replace(new):
        nonlocal held
        held = new

    yield replace
    while held:
        yield held
        held.append(len(held))


def pair():
    first, second = {"a": [1]}, (2, [3])

    def swap():
        nonlocal first, second
        first, second = second, [first]

    def drop():
        nonlocal first
        del first

    yield swap, drop
    try:
        while True:
            yield first
    except NameError:
        yield second


async def waiting(ready):
    shares = [Decimal("0.1"), Decimal("0.2")]

    def settle(index, more):
        nonlocal shares
        shares[index] += more
        shares = [share * 2 for share in shares]

    ready(settle)
    await asyncio.sleep(0)
    shares[0] += Decimal("0.5")
    shares[1] -= shares[0]
    return shares


async def main():
    settles = []
    task = asyncio.create_task(waiting(settles.append))
    await asyncio.sleep(0)
    for settle in settles:
        settle(0, Decimal(1))
    return await task


numbers = counting(1)
replace = next(numbers)
for new in ([4, 5], {7: 8}, [9], [[10]], []):
    replace(list(new))
    print(next(numbers, "end"))
pairs = pair()
swap, drop = next(pairs)
swap()
print(next(pairs))
swap()
print(next(pairs))
drop()
print(next(pairs))
print(asyncio.run(main()))
