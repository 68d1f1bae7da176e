"""Mutable defaults shared between calls, and defaults bound at definition time."""

LIMIT = 3


def append_to(item, bag=[], limit=LIMIT):
    bag.append(item)
    if len(bag) > limit:
        del bag[0]
    return bag


def make(n):
    def power(x, n=n, cache={}):
        cache[x] = x**n
        return cache
    return power


def main():
    global LIMIT
    LIMIT = 99
    first = append_to(1)
    second = append_to(2)
    for i in range(4):
        append_to(i * 10)
    print(first is second, first)
    square, cube = make(2), make(3)
    print(square(3), cube(3), square(4))


if __name__ == "__main__":
    main()
