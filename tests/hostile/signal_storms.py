"""A timer that fires all the time, with a handler that raises, and threads that switch as often."""
# says: it has no value apart

import signal
import sys
import threading
import time


class Storm(Exception):
    pass


class Guard:
    depth = 0

    def __enter__(self):
        Guard.depth += 1
        return self

    def __exit__(self, *_):
        Guard.depth -= 1


def on_timer(number, frame):
    fired[0] += 1
    names.add(type(frame.f_lineno).__name__)
    if frame.f_code is work.__code__:
        raise Storm(fired[0])


def work(n):
    items = []
    for i in range(n):
        items.append({"i": [i]})
        items[-1]["i"].append(i)
    return len(items)


def storm(seconds):
    caught, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with Guard():
                assert work(200) == 200
        except Storm as found:
            caught += 1
            assert found.__traceback__.tb_frame.f_code is storm.__code__
    return caught > 0


def add(n):
    for _ in range(n):
        with lock:
            total[0] += 1
        local = [total]
        local.append(n)


fired, names, total = [0], set(), [0]
lock = threading.Lock()
signal.signal(signal.SIGALRM, on_timer)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
results = [storm(0.3)]
signal.setitimer(signal.ITIMER_REAL, 0)
kept = sys.getswitchinterval()
sys.setswitchinterval(1e-6)
threads = [threading.Thread(target=add, args=(500,)) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
sys.setswitchinterval(kept)
print(results, fired[0] > 0, names, total)
