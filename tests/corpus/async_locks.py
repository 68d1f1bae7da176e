"""Lock, Event, Condition and Semaphore order the steps of several tasks."""

import asyncio


async def guarded(lock, log, name):
    async with lock:
        log.append(f"+{name}")
        await asyncio.sleep(0)
        log.append(f"-{name}")


async def waiter(event, log):
    log.append("waits")
    await event.wait()
    log.append("released")


async def limited(semaphore, running, peak):
    async with semaphore:
        running.append(1)
        peak.append(len(running))
        await asyncio.sleep(0)
        running.pop()


async def notified(condition, box):
    async with condition:
        await condition.wait_for(lambda: len(box) >= 2)
        return sum(box)


async def main():
    log, box, running, peak = [], [], [], []
    lock, event, condition = asyncio.Lock(), asyncio.Event(), asyncio.Condition()
    await asyncio.gather(*(guarded(lock, log, name) for name in "ab"))
    waiting = asyncio.create_task(waiter(event, log))
    await asyncio.sleep(0)
    event.set()
    await waiting
    counted = asyncio.create_task(notified(condition, box))
    for value in (4, 5):
        async with condition:
            box.append(value)
            condition.notify_all()
    semaphore = asyncio.Semaphore(2)
    await asyncio.gather(*(limited(semaphore, running, peak) for _ in range(4)))
    return log, await counted, max(peak)


print(asyncio.run(main()))
