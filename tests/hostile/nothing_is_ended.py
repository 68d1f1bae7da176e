"""Nothing is ended: threads, generators, event loops, executors and files outlive the program.

The command waits for the threads before the interpreter does. 3.12 refuses threads that are started
meanwhile, as it is about to end, and cannot know of it under recording: none is started there.
"""
# says: it has no value apart

import asyncio
import atexit
import concurrent.futures
import sys
import threading

held = []


async def ticks():
    try:
        n = 0
        while True:
            n += 1
            held.append(n)
            yield n
    finally:
        print("never finalised")


async def takes_one():
    running = ticks()
    held.append(running)
    return await anext(running)


async def waits(event):
    items = [event]
    await event.wait()
    return items


async def leaves_tasks():
    tasks = [asyncio.create_task(waits(asyncio.Event())) for _ in range(3)]
    await asyncio.sleep(0)
    held.extend(tasks)
    return len(tasks), await takes_one()


def loops_for_ever(started):
    items = []
    started.set()
    while True:
        items.append([len(items)])
        if len(items) > 100:
            items.clear()


def waits_for_main():
    threading.main_thread().join()
    late = threading.Thread(target=print, args=("late",))
    late.start()
    late.join()


def generator():
    try:
        yield [1]
    finally:
        held.append("closed")


def at_exit():
    items = [len(held)]
    try:
        thread = threading.Thread(target=items.append, args=(2,))
        thread.start()
        thread.join()
    except RuntimeError as error:
        print("at exit:", error)
    try:
        print(asyncio.new_event_loop().run_until_complete(takes_one()))
    except RuntimeError as error:
        print("loop:", error)
    print("items", len(items))


def main():
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda *_: None)
    print(loop.run_until_complete(leaves_tasks()))
    held.append(loop)
    stuck = asyncio.new_event_loop()
    stuck.call_later(1000, print, "never")
    held.append(stuck)
    for _ in range(3):
        started = threading.Event()
        threading.Thread(target=loops_for_ever, args=(started,), daemon=True).start()
        started.wait()
    pool = concurrent.futures.ThreadPoolExecutor(2)
    print(list(pool.map(abs, range(-3, 3))))
    held.append(pool)
    running = generator()
    print(next(running))
    held.append(running)
    timer = threading.Timer(1000, print)
    timer.daemon = True
    timer.start()
    if sys.version_info >= (3, 13):
        threading.Thread(target=waits_for_main).start()


class Last:
    def __del__(self):
        items = [1]
        items.append(2)
        print("finalised", len(items), sys.is_finalizing())


last = Last()
last.itself = last
atexit.register(at_exit)
main()
