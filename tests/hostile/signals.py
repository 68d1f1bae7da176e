"""Signal handlers that raise, call and change things between any two lines."""
# says: it has no value apart

import signal
import time

log = []


class Alarm(Exception):
    pass


def on_alarm(number, frame):
    log.append("alarm")
    frame.f_locals
    raise Alarm


def busy():
    n = 0
    try:
        while True:
            n += 1
            items = [n]
            items.append(n)
    except Alarm:
        return n > 0


def on_user(number, frame):
    shared.append(len(shared))


def wait():
    started = time.monotonic()
    while len(shared) < 4:
        signal.raise_signal(signal.SIGUSR1)
    return time.monotonic() >= started


shared = []
signal.signal(signal.SIGALRM, on_alarm)
for _ in range(5):
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    log.append(busy())
signal.signal(signal.SIGUSR1, on_user)
log.append(wait())
try:
    signal.raise_signal(signal.SIGINT)
except KeyboardInterrupt:
    log.append("interrupted")
print(log, shared)
