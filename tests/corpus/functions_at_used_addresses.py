"""Functions that die in cycles, and others that are made in the memory that they leave."""

import gc


def recursive(n):
    def down(k):
        return down(k - 1) if k else n

    return down


def plain():
    def other(k):
        return k

    return other


def hold(function):
    held = [function]
    return held


def main():
    for n in range(6):
        first = recursive(n)
        hold(first)
        first = None
        gc.collect()
        second = plain()
        hold(second)
        third = [plain(), recursive]
        gc.collect()
    return second(n), third[0](n)


print(main())
