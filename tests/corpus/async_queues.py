"""Producers and consumers that share a queue; the loop ends by a sentinel for each consumer."""

import asyncio


async def produce(queue, items):
    for item in items:
        await queue.put(item)
    return len(items)


async def consume(name, queue, seen):
    total = 0
    while True:
        item = await queue.get()
        if item is None:
            break
        seen.append((name, item))
        total += item
    return total


async def main():
    queue, seen = asyncio.Queue(maxsize=2), []
    makers = [asyncio.create_task(produce(queue, items)) for items in ([1, 2, 3], [10])]
    eaters = [asyncio.create_task(consume(name, queue, seen)) for name in "xy"]
    made = [await maker for maker in makers]
    for _ in eaters:
        await queue.put(None)
    eaten = await asyncio.gather(*eaters)
    return made, sum(eaten), sorted(item for _, item in seen)


async def ordered():
    queue = asyncio.PriorityQueue()
    for rank, word in ((3, "c"), (1, "a"), (2, "b")):
        queue.put_nowait((rank, word))
    words = []
    while not queue.empty():
        rank, word = await queue.get()
        words.append(word * rank)
        queue.task_done()
    try:
        queue.get_nowait()
    except asyncio.QueueEmpty:
        words.append("empty")
    return words


print(asyncio.run(main()))
print(asyncio.run(ordered()))
