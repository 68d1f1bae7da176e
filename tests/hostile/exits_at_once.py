"""`os._exit` out of a finaliser that a method set off, in children and while threads run."""

import os
import sys
import threading


class Exits:
    def __init__(self, status):
        self.status = status

    def __del__(self):
        print("exits with", self.status, flush=True)
        os._exit(self.status)


class Holder:
    def __init__(self):
        self.held = [Exits(7)]

    def let_go(self):
        self.held.clear()
        print("never reached", flush=True)


def spin():
    while True:
        spun.append(len(spun))
        spun.clear()


def in_children():
    for end in (lambda: os._exit(3), lambda: Exits(4), lambda: sys.exit(5)):
        pid = os.fork()
        if pid == 0:
            end()
        print("child", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


spun = []
in_children()
threading.Thread(target=spin, daemon=True).start()
Holder().let_go()
