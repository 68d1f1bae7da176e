"""Globals rebound from other functions, through globals(), by del and re-import."""

import math

size = 1
items = ["start"]


def grow():
    global size
    size *= 2
    globals()["items"] = items + [size]


def shrink():
    global items
    items = items[:-1]


def look():
    first = size, items
    grow()
    second = size, items
    shrink()
    third = size, items
    return first, second, third


def use_module():
    global math
    value = math.floor(2.5)
    del math
    try:
        math.pi
    except NameError:
        value = -value
    import math
    return value, math.pi > 3


def main():
    print(look())
    print(use_module())
    print(look()[2])


if __name__ == "__main__":
    main()
