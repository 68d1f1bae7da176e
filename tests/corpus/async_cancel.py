"""Tasks that are cancelled: at once, while they wait, that clean up, that refuse, and shielded."""

import asyncio


async def patient(log, name):
    try:
        await asyncio.sleep(1000)
    except asyncio.CancelledError as error:
        log.append(f"{name} cancelled {error.args}")
        raise
    finally:
        log.append(f"{name} done")


async def stubborn(log):
    for attempt in range(2):
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            log.append(f"refused {attempt}")
    return "survived"


async def shielded(log):
    await asyncio.sleep(0)
    log.append("inner ran")
    return 5


async def cancel(task, *args):
    await asyncio.sleep(0)
    task.cancel(*args)
    try:
        return await task
    except asyncio.CancelledError:
        return "gone"


async def main():
    log = []
    early = asyncio.create_task(patient(log, "early"))
    early.cancel()
    outcomes = [await cancel(early)]
    outcomes.append(await cancel(asyncio.create_task(patient(log, "late")), "reason"))
    task = asyncio.create_task(stubborn(log))
    await asyncio.sleep(0)
    task.cancel()
    outcomes.append(await cancel(task))
    inner = asyncio.create_task(shielded(log))
    outer = asyncio.shield(inner)
    outer.cancel()
    outcomes.append(await inner)
    return outcomes, log, early.cancelled()


for part in asyncio.run(main()):
    print(part)
