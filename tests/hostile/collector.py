"""The garbage collector, observed: what it finds, counts and calls."""
# says: it has no value apart

import gc

log = []


def note(phase, info):
    if phase == "stop":
        log.append((info["generation"], info["collected"], info["uncollectable"]))


def cycles(n):
    for _ in range(n):
        a = []
        a.append(a)


class Kept:
    pass


def main():
    gc.disable()
    gc.collect()
    gc.callbacks.append(note)
    cycles(10)
    log.append(gc.collect(0))
    cycles(20)
    log.append(gc.collect())
    gc.freeze()
    kept = [Kept() for _ in range(5)]
    kept[0].cycle = kept
    log.append(sum(type(one) is Kept for one in gc.get_objects()))
    log.append([type(one).__name__ for one in gc.get_referents(kept[0])])
    del kept
    log.append(gc.collect())
    gc.unfreeze()
    gc.set_debug(gc.DEBUG_SAVEALL)
    cycles(3)
    gc.collect()
    log.append(len([one for one in gc.garbage if type(one) is list]))
    gc.set_debug(0)
    gc.garbage.clear()
    gc.callbacks.remove(note)
    gc.collect()
    log.append(gc.isenabled())
    gc.enable()
    gc.set_threshold(1, 1, 1)
    cycles(50)
    gc.set_threshold(700, 10, 10)
    return log


print(*main(), sep="\n")
