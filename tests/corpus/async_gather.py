"""Coroutines awaited one after another, gathered, and gathered with exceptions as results."""

import asyncio


async def step(log, name, n):
    for i in range(n):
        log.append(f"{name}{i}")
        await asyncio.sleep(0)
    return name * n


async def failing(log):
    await asyncio.sleep(0)
    log.append("fails")
    raise ValueError("broken")


async def main():
    log = []
    first = await step(log, "a", 1)
    results = await asyncio.gather(step(log, "b", 3), step(log, "c", 2))
    mixed = await asyncio.gather(step(log, "d", 1), failing(log), return_exceptions=True)
    try:
        await asyncio.gather(failing(log), step(log, "e", 1))
    except ValueError as error:
        log.append(str(error))
    task = asyncio.create_task(step(log, "f", 2))
    log.append("created")
    last = await task
    return first, results, mixed[0], type(mixed[1]).__name__, last, log


print(*asyncio.run(main()), sep="\n")
