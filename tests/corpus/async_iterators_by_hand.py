"""Awaitables, async iterators and an event loop written by hand, without asyncio."""

import types


class Ready:
    def __init__(self, value):
        self.value = value

    def __await__(self):
        got = yield ("ask", self.value)
        return got


class Pages:
    def __init__(self, n):
        self.n, self.at = n, 0

    def __aiter__(self):
        return self

    async def __anext__(self):
        if self.at == self.n:
            raise StopAsyncIteration
        self.at += 1
        return await Ready(self.at)


@types.coroutine
def pause(n):
    for i in range(n):
        yield ("pause", i)


async def work(log):
    async for page in Pages(2):
        log.append(page)
    await pause(2)
    return await Ready("last")


def run(coroutine, answers):
    requests, answer = [], None
    while True:
        try:
            request = coroutine.send(answer)
        except StopIteration as stop:
            return stop.value, requests
        requests.append(request)
        answer = answers.get(request[1])


log = []
print(run(work(log), {1: "one", 2: "two", "last": "end"}), log)
unfinished = work(log)
print(unfinished.send(None), unfinished.cr_running)
unfinished.close()
