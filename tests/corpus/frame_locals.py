"""Variables bound through `f_locals`, which writes to the frame from Python 3.13 on (PEP 667)."""

import sys

WRITES_THROUGH = sys.version_info >= (3, 13)


def poke(name, value):
    if WRITES_THROUGH:
        sys._getframe(1).f_locals[name] = value


def numbers():
    x = 0
    while x < 10:
        yield x
        x += 1


def main():
    x = 1
    poke("x", [5])
    seen = x
    if WRITES_THROUGH:
        proxy = sys._getframe().f_locals
        proxy["x"] = 6
        seen = x
        proxy.update(x=7, y=8)
        seen = x
    running = numbers()
    seen = next(running)
    if WRITES_THROUGH:
        running.gi_frame.f_locals["x"] = 8
    seen = list(running)
    print(seen, x)


main()
