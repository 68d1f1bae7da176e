"""Every hook that the interpreter calls, set to one that is called, raises, or is missing."""
# says: it has no value apart

import atexit
import faulthandler
import sys
import threading
import warnings

seen = []


class Fails:
    def __del__(self):
        raise ValueError("in a finaliser")


class Unspeakable(Exception):
    def __str__(self):
        raise RuntimeError("in str")

    __repr__ = __str__


def fails():
    raise Unspeakable(1)


def unraisable(found):
    seen.append(("unraisable", type(found.exc_value).__name__, found.err_msg))


def in_thread(found):
    seen.append(("thread", found.exc_type.__name__))


def in_thread_and_fails(found):
    seen.append("thread hook fails")
    raise KeyError("hook")


def audit(event, arguments):
    if event.startswith("hostile"):
        seen.append((event, arguments))


def much():
    items = []
    for n in range(5000):
        items.append([n])
    print("at exit", len(items))


def fails_at_exit():
    raise Unspeakable(2)


def excepthook(kind, value, traceback):
    names = []
    while traceback:
        names.append(traceback.tb_frame.f_code.co_name)
        traceback = traceback.tb_next
    print("excepthook", kind.__name__, names)
    atexit.register(print, "registered by the hook")


def run_thread():
    thread = threading.Thread(target=fails)
    thread.start()
    thread.join()


def main():
    sys.unraisablehook = unraisable
    Fails()
    threading.excepthook = in_thread
    run_thread()
    threading.excepthook = in_thread_and_fails
    kept, sys.excepthook = sys.excepthook, lambda kind, *_: seen.append(kind.__name__)
    run_thread()
    sys.excepthook = kept
    sys.addaudithook(audit)
    sys.audit("hostile.event", 1, [2])
    warnings.showwarning = lambda message, *_: seen.append(str(message))
    warnings.warn("shown", stacklevel=1)
    sys.displayhook(seen.append("displayed"))
    faulthandler.enable()
    faulthandler.dump_traceback_later(1000)
    faulthandler.cancel_dump_traceback_later()
    faulthandler.disable()
    print(*seen, sep="\n")
    atexit.register(much)
    atexit.register(fails_at_exit)
    sys.excepthook = excepthook


main()
fails()
