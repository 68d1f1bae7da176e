"""Async generators chained into a pipeline, with a semaphore, a cache of tasks and an early end."""

import asyncio


async def source(n):
    for i in range(n):
        await asyncio.sleep(0)
        yield i


async def mapped(function, items):
    async for item in items:
        yield await function(item)


async def batched(size, items):
    batch = []
    async for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


class Fetcher:
    def __init__(self):
        self.tasks, self.n_fetched = {}, 0

    async def fetch(self, key):
        self.n_fetched += 1
        await asyncio.sleep(0)
        return f"<{key}>"

    async def get(self, key):
        if key not in self.tasks:
            self.tasks[key] = asyncio.create_task(self.fetch(key))
        return await self.tasks[key]


async def main():
    fetcher = Fetcher()
    batches = []
    async for batch in batched(2, mapped(fetcher.get, source(5))):
        batches.append(batch)
        if len(batches) == 2:
            break
    again = await asyncio.gather(*[fetcher.get(n % 2) for n in range(4)])
    lengths = {len(word): word async for word in mapped(fetcher.get, source(2))}
    return batches, again, lengths, fetcher.n_fetched


print(*asyncio.run(main()))
