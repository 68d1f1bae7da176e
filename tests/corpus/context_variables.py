"""contextvars in plain code, in copied contexts, in tasks; tokens put values back."""

import asyncio
import contextvars
from contextlib import contextmanager

user = contextvars.ContextVar("user", default="nobody")
depth = contextvars.ContextVar("depth")


@contextmanager
def logged_in(name):
    token = user.set(name)
    try:
        yield token.old_value is token.MISSING
    finally:
        user.reset(token)


def descend(n):
    depth.set(depth.get(0) + 1)
    return descend(n - 1) if n else (depth.get(), user.get())


async def request(name, seen):
    user.set(name)
    await asyncio.sleep(0)
    seen.append(user.get())
    return descend(2)


async def serve():
    seen = []
    results = await asyncio.gather(request("ann", seen), request("bob", seen))
    return results, seen, user.get()


def main():
    names = [user.get()]
    with logged_in("root") as was_unset:
        names.append(user.get())
        inner = contextvars.copy_context().run(descend, 3)
        names.append(depth.get("unset"))
    try:
        depth.get()
    except LookupError:
        names.append("no depth")
    return names, was_unset, inner


print(main())
print(asyncio.run(serve()), user.get())
