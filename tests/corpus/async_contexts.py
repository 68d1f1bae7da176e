"""Async context managers by class and by generator, nested, suppressing, and in a stack."""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager


class Connection:
    open_ones = []

    def __init__(self, name, swallow=False):
        self.name, self.swallow = name, swallow

    async def __aenter__(self):
        await asyncio.sleep(0)
        Connection.open_ones.append(self.name)
        return self

    async def __aexit__(self, kind, error, traceback):
        Connection.open_ones.remove(self.name)
        await asyncio.sleep(0)
        return self.swallow and kind is KeyError


@asynccontextmanager
async def transaction(log):
    log.append("begin")
    try:
        yield len(log)
    except ValueError:
        log.append("rollback")
    else:
        log.append("commit")


async def main():
    log = []
    async with Connection("a") as a, Connection("b", swallow=True) as b:
        log.append((a.name, b.name, list(Connection.open_ones)))
        raise KeyError("swallowed")
    async with transaction(log) as n:
        log.append(n)
    async with transaction(log):
        raise ValueError
    try:
        async with AsyncExitStack() as stack:
            for name in "xyz":
                await stack.enter_async_context(Connection(name))
            stack.callback(log.append, "callback")
            log.append(len(Connection.open_ones))
            raise OSError
    except OSError:
        log.append(Connection.open_ones[:])
    return log


print(asyncio.run(main()))
