"""Delegation through several generators: values up, sent values down, results returned."""


def numbers(n):
    received = []
    for i in range(n):
        received.append((yield i))
    return received


def pair(n):
    first = yield from numbers(n)
    yield "between"
    second = yield from numbers(1)
    return first + second


def outer(log):
    result = yield from pair(2)
    log.append(result)
    yield from "xy"
    try:
        yield from numbers(5)
    except KeyError as error:
        log.append(error.args)
        yield "recovered"
    return "end"


def drive():
    log, seen = [], []
    generator = outer(log)
    seen.append(next(generator))
    for sent in ("one", "two", "three", "four"):
        seen.append(generator.send(sent))
    while seen[-1] != 1:
        seen.append(next(generator))
    seen.append(generator.throw(KeyError("inside", 7)))
    try:
        next(generator)
    except StopIteration as stop:
        seen.append(stop.value)
    return seen, log


seen, log = drive()
print(seen)
print(log)
