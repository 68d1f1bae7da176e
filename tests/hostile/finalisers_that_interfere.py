"""Finalisers and weak references that collect, close generators, change and revive what they see."""
# says: it has no value apart

import gc
import weakref

log = []
shared = {"items": [], "table": {}}


class Collects:
    def __init__(self):
        self.self = self
        self.items = [1, [2]]

    def __del__(self):
        self.items.append(len(self.items))
        shared["items"].append(self.items)
        gc.collect()


class Closes:
    def __init__(self, generator):
        self.generator = generator

    def __del__(self):
        self.generator.close()
        log.append("closed")


class Revived:
    times = 0

    def __del__(self):
        Revived.times += 1
        shared["revived"] = self
        self.again = [Revived.times]


class Target:
    pass


def counting():
    n = [0]
    try:
        while True:
            n.append(len(n))
            yield n
    finally:
        log.append(("finally", len(n)))
        n.clear()
        shared["items"].append(n)


def awaits_in_finally():
    try:
        yield 1
    finally:
        try:
            yield 2
        except GeneratorExit:
            log.append("exit again")


def on_death(reference):
    shared["items"].clear()
    shared["table"]["dead"] = reference() is None
    shared["list"] = [shared["table"]]


def revive():
    thing = Revived()
    for _ in range(3):
        thing = None
        thing = shared.pop("revived", None)
    return Revived.times, getattr(thing, "again", None)


def main():
    gc.disable()
    for _ in range(3):
        Collects()
    log.append(gc.collect() >= 0)
    log.append(len(shared["items"]))
    generator = counting()
    closing = Closes(generator)
    next(generator).append("outside")
    next(generator)
    del closing
    log.append(next(generator, "ended"))
    generator = awaits_in_finally()
    next(generator)
    del generator
    target = Target()
    reference = weakref.ref(target, on_death)
    shared["items"].append(target)
    holder = [target]
    del target
    shared["items"].pop()
    log.append(sorted(shared))
    holder.clear()
    log.append(sorted(shared))
    log.append(revive())
    last = Target()
    finaliser = weakref.finalize(last, log.append, "finalised")
    del last
    log.append(finaliser.alive)
    gc.enable()
    return shared["table"], len(shared["items"])


print(main())
print(*log, sep="\n")
