"""Frames cleared, locals written, code replaced, classes changed, while they run."""
# says: it has no value apart

import sys


def clears_its_caller():
    frame = sys._getframe(1)
    try:
        frame.clear()
    except RuntimeError as error:
        return str(error)


def victim():
    a = [1]
    b = clears_its_caller()
    a.append(2)
    return a, b


def generator():
    x = [0]
    while True:
        x.append((yield x))


def replaced(n):
    if n == 0:
        replaced.__code__ = other.__code__
        return "old"
    return "older"


def other(n):
    m = n * 2
    return m


class A:
    def name(self):
        return "A"


class B:
    def name(self):
        return "B"


def writes_locals():
    value = 1
    frame = sys._getframe()
    if sys.version_info >= (3, 13):
        frame.f_locals["value"] = 2
        return value
    frame.f_locals["value"] = 2
    return 2


def main():
    print(victim())
    running = generator()
    next(running)
    running.send(5)
    running.gi_frame.f_locals
    running.close()
    print(replaced(0), replaced(4))
    thing = A()
    thing.x = 1
    thing.__class__ = B
    thing.x = 2
    print(thing.name(), writes_locals())
    try:
        raise ValueError("kept")
    except ValueError as error:
        frame = error.__traceback__.tb_frame
        error.__traceback__ = None
    del frame
    sys.settrace(lambda *_: None)
    sys.settrace(None)
    events = []
    sys.setprofile(lambda frame, event, _: events.append((event, frame.f_code.co_name)))
    other(3)
    sys.setprofile(None)
    print(events)


main()
