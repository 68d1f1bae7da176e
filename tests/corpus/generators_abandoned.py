"""Generators that nobody finishes: closed, dropped half way, never started, failing at the close."""

log = []


def counting(name):
    log.append(f"{name} starts")
    try:
        for i in range(10):
            yield i
    finally:
        log.append(f"{name} cleans up")


def stubborn():
    try:
        yield 1
    finally:
        raise OSError("cannot close")


def first(iterator):
    for item in iterator:
        return item


def find(wanted):
    for number in counting("search"):
        if number == wanted:
            break
    return number


unstarted = counting("unstarted")
del unstarted
print(first(counting("first")), log)
kept = counting("kept")
print(next(kept), next(kept), find(2))
kept = None
closed = counting("closed")
next(closed)
closed.close()
closed.close()
try:
    broken = stubborn()
    next(broken)
    broken.close()
except OSError as error:
    log.append(str(error))
print(log)
