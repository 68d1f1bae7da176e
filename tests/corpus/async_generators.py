"""Async generators: iterated, sent to, closed early, left by an exception, and comprehended."""

import asyncio


async def countdown(n, log):
    try:
        while n:
            await asyncio.sleep(0)
            got = yield n
            n -= got or 1
    finally:
        await asyncio.sleep(0)
        log.append(f"closed at {n}")


async def squares(source):
    async for n in source:
        yield n * n


async def main():
    log = []
    whole = [n async for n in countdown(3, log)]
    even = {n: n * n async for n in countdown(4, log) if n % 2 == 0}
    nested = [a + b async for a in squares(countdown(2, log)) for b in range(a)]
    generator = countdown(9, log)
    first = await anext(generator)
    second = await generator.asend(5)
    await generator.aclose()
    thrown = countdown(5, log)
    await anext(thrown)
    try:
        await thrown.athrow(KeyError("stop"))
    except KeyError as error:
        log.append(error.args[0])
    async for n in countdown(6, log):
        if n < 6:
            break
    else:
        log.append("never")
    waited = [await asyncio.sleep(0, n) for n in range(2)]
    return whole, even, nested, first, second, waited, await anext(countdown(0, log), "none"), log[:5]


for part in asyncio.run(main()):
    print(part)
