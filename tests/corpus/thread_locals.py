"""threading.local: each thread has its own attributes, subclasses start theirs, others see none."""

import threading


class Session(threading.local):
    started = 0

    def __init__(self, name):
        self.name, self.items = name, []


plain = threading.local()
session = Session("default")


def visit(seen, value):
    seen.append(hasattr(plain, "value"))
    plain.value = value
    session.items.append(value)
    seen.append((session.name, list(session.items)))


def run(*args):
    thread = threading.Thread(target=visit, args=args)
    thread.start(); thread.join(); del thread


def main():
    seen = []
    visit(seen, 1)
    run(seen, 2)
    run(seen, 3)
    visit(seen, 4)
    return seen, plain.value, session.items


print(main())
