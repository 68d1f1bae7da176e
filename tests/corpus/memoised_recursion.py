"""Recursion that remembers: by hand in a dict, by a default argument, by a decorator, mutually."""

import functools


def collatz(n, known={1: 0}):
    if n not in known:
        known[n] = 1 + collatz(n // 2 if n % 2 == 0 else 3 * n + 1)
    return known[n]


def paths(x, y, memo):
    if x == 0 or y == 0:
        return 1
    if (x, y) not in memo:
        memo[x, y] = paths(x - 1, y, memo) + paths(x, y - 1, memo)
    return memo[x, y]


def memoised(function):
    memory = {}

    @functools.wraps(function)
    def remember(*args):
        try:
            return memory[args]
        except KeyError:
            value = memory[args] = function(*args)
            return value

    remember.memory = memory
    return remember


@memoised
def female(n):
    return 1 if n == 0 else n - male(female(n - 1))


@memoised
def male(n):
    return 0 if n == 0 else n - female(male(n - 1))


memo = {}
print(collatz(6), collatz(3), paths(3, 3, memo), memo[1, 1], len(memo))
print([female(n) for n in range(4)], male.memory)
