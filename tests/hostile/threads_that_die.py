"""Threads that raise, fork off others, end while others look on, and outlive the program."""
# says: it has no value apart

import sys
import threading

threading.excepthook = lambda found: results.append(type(found.exc_value).__name__)
results = []
local = threading.local()


def dies(n):
    local.n = [n]
    if n % 2:
        raise ValueError(n)
    return local.n


def parent():
    child = threading.Thread(target=dies, args=(1,))
    child.start()
    child.join()


def traced(n):
    sys.settrace(lambda *_: None)
    return [n]


def outlives(event):
    event.set()
    while True:
        shared[0] += 1


shared = [0]
threads = [threading.Thread(target=dies, args=(n,)) for n in range(10)]
threads += [threading.Thread(target=parent), threading.Thread(target=traced, args=(3,))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
event = threading.Event()
threading.Thread(target=outlives, args=(event,), daemon=True).start()
event.wait()
print(sorted(results), threading.active_count())
