"""`RecursionError` comes at the depth at which it would have come."""

import sys


def depth(n=0):
    try:
        return depth(n + 1)
    except RecursionError:
        return n


def mutual(n):
    return other(n + 1)


def other(n):
    try:
        return mutual(n + 1)
    except RecursionError:
        return n


class Chain:
    def __getattr__(self, name):
        return getattr(self, name + "x")


def main():
    print(depth())
    for limit in (60, 100, 333, 5000):
        sys.setrecursionlimit(limit)
        print(limit, depth())
    sys.setrecursionlimit(1000)
    print(mutual(0))
    try:
        Chain().a
    except RecursionError as error:
        print("chain", str(error)[:30])
    try:
        sys.setrecursionlimit(1)
    except (RecursionError, ValueError) as error:
        print(type(error).__name__)
    sys.setrecursionlimit(200_000)
    print(depth_to(50_000))
    sys.setrecursionlimit(1000)


def depth_to(n):
    return 0 if n == 0 else 1 + depth_to(n - 1)


main()
