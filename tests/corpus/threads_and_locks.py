"""Threads that share counters and lists behind locks; each runs to its end before the next."""

import threading


def work(name, count, log, lock):
    for i in range(2):
        with lock:
            count["total"] += 1
            log.append((name, i))


def fail(log):
    try:
        raise ValueError("in a thread")
    except ValueError as error:
        log.append(str(error))


def run(function, *args):
    thread = threading.Thread(target=function, args=args)
    thread.start(); thread.join(); del thread


def main():
    count, log, lock = {"total": 0}, [], threading.Lock()
    for name in "ab":
        thread = threading.Thread(target=work, args=(name, count, log, lock))
        thread.start(); thread.join(); del thread
    run(fail, log)
    return count, log


print(*main())
