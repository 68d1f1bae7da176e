"""Reference counts of objects with parts, and who refers to them, counted by the program."""

import gc
import sys


class Thing:
    pass


def counts(*things):
    return [sys.getrefcount(thing) for thing in things]


def main():
    thing, items, mapping = Thing(), [], {}
    print(counts(thing, items, mapping))
    thing.self = items
    items.append(mapping)
    print(counts(thing, items, mapping))
    print(len(gc.get_referrers(thing)), len(gc.get_referrers(items)))
    print(thing.__dict__ is vars(thing), "__dict__" in dir(thing))


main()
