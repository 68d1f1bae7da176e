"""TaskGroup: results, a failing member that cancels the others, groups of errors, nesting."""

import asyncio


async def work(name, n, log):
    try:
        for i in range(n):
            await asyncio.sleep(0)
            log.append(f"{name}{i}")
    except asyncio.CancelledError:
        log.append(f"{name} cancelled")
        raise
    return n


async def fail(log):
    await asyncio.sleep(0)
    log.append("fails")
    raise KeyError("member")


async def fine(log):
    async with asyncio.TaskGroup() as group:
        first = group.create_task(work("a", 2, log))
        second = group.create_task(work("b", 1, log))
    return first.result() + second.result()


async def broken(log):
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(work("long", 100, log))
            group.create_task(fail(log))
            log.append("body ends")
    except* KeyError as errors:
        log.append([error.args for error in errors.exceptions])


async def nested(log):
    async with asyncio.TaskGroup() as outer:
        async with asyncio.TaskGroup() as inner:
            inner.create_task(work("i", 1, log))
        outer.create_task(work("o", 1, log))
    return len(log)


async def main():
    log = []
    total = await fine(log)
    await broken(log)
    return total, await nested([]), log


print(*asyncio.run(main()), sep="\n")
