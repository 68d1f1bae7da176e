"""`SystemExit` out of methods, finalisers, callbacks and threads."""
# says: it has no value apart

import atexit
import sys
import threading


class Exits:
    def __del__(self):
        sys.exit("in a finaliser")

    def __eq__(self, other):
        sys.exit("compared")

    __hash__ = None


def thread():
    sys.exit("in a thread")


def swallow(function):
    try:
        function()
    except SystemExit as end:
        return end.code


def main():
    thing = Exits()
    print(swallow(lambda: thing == 1))
    worker = threading.Thread(target=thread)
    worker.start()
    worker.join()
    sys.unraisablehook = lambda found: print("unraisable", found.exc_value.code)
    del thing
    print("after")


def at_exit():
    print("at exit")


atexit.register(at_exit)
main()
raise SystemExit(3)
