"""asyncio.timeout and wait_for around what ends, what never ends, and what cleans up."""

import asyncio


async def endless(log):
    try:
        await asyncio.Event().wait()
    finally:
        log.append("cleaned up")


async def quick(value):
    await asyncio.sleep(0)
    return value


async def limited(seconds, awaitable):
    try:
        async with asyncio.timeout(seconds):
            return await awaitable
    except TimeoutError:
        return "too late"


async def first_of(*awaitables):
    tasks = [asyncio.ensure_future(awaitable) for awaitable in awaitables]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    return [task.result() for task in done], len(pending)


async def main():
    log = []
    results = [await limited(None, quick(1)), await limited(0, endless(log))]
    try:
        await asyncio.wait_for(endless(log), 0.001)
    except TimeoutError as error:
        results.append(type(error).__name__)
    results.append(await first_of(quick("fast"), endless(log)))
    loop = asyncio.get_running_loop()
    waiting = loop.create_future()
    loop.call_soon(waiting.set_result, "called")
    results.append(await waiting)
    return results, log


print(*asyncio.run(main()))
