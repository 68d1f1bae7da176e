"""The programs that the bench records, with inputs fixed by seeds and results known beforehand.

Each workload is a function without arguments that returns its result; `EXPECTED` holds what it must
be. The code of this file is what is recorded; `unrecorded.py` holds code that is only called.
"""

from __future__ import annotations

import random

from unrecorded import average, touch_nothing


def tight(n):
    s = 0
    i = 0
    while i < n:
        s += i * 2
        i += 1
    return s


def bubble(a):
    n = len(a)
    for i in range(n):
        for j in range(n - i - 1):
            if a[j] > a[j + 1]:
                a[j], a[j + 1] = a[j + 1], a[j]
    return a


def fib(n):
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)


def word_count(words):
    counts = {}
    for w in words:
        if w in counts:
            counts[w] += 1
        else:
            counts[w] = 1
    return counts


def loop_code(n, numbers, words):
    """The three loops in one call: what function level costs where calls are few."""
    return tight(n), bubble(list(numbers))[0], len(word_count(words))


def change_list(n):
    items = list(range(1000))
    i = 0
    while i < n:
        items[i % 1000] = i * 3
        i += 1
    return sum(items)


def change_global_dict(n):
    i = 0
    while i < n:
        key = i * 7 % 10_000
        TABLE[key] = TABLE[key] + 1
        i += 1
    return len(TABLE)


class Node:
    def __init__(self, number):
        self.x = number * 1.5
        self.speed = (number % 7) - 3
        self.name = f"node {number}"
        self.steps = 0
        self.links = None

    def move(self, dt):
        self.x += self.speed * dt
        self.steps += 1


def other_lines(nodes, n):
    """Ordinary lines, calls among them, while a graph that nobody changes is in scope."""
    total = 0.0
    recent = []
    for i in range(n):
        total += i * 0.5
        recent.append(total)
        if len(recent) > 8:
            total -= average(recent)
            recent = recent[4:]
        touch_nothing(i)
    return round(total, 6), len(nodes)


def other_lines_beside_a_global(n):
    """The same, with the graph behind a global name."""
    total = 0.0
    recent = []
    for i in range(n):
        total += i * 0.5
        recent.append(total)
        if len(recent) > 8:
            total -= average(recent)
            recent = recent[4:]
        touch_nothing(i)
    return round(total, 6), len(REGISTRY)


def move_all(nodes, n):
    """A method call on each of the nodes."""
    for _ in range(n):
        for node in nodes:
            node.move(0.25)
    return nodes[5].steps >= n


_random = random.Random(1)
NUMBERS = [_random.randrange(100_000) for _ in range(200)]
WORDS = [f"w{int(_random.paretovariate(0.7))}" for _ in range(20_000)]
TABLE = {key: key for key in range(10_000)}
NODES = [Node(number) for number in range(1000)]
LISTS = [[i * j + 1000 for j in range(10)] for i in range(1000)]
REGISTRY = {number: Node(number) for number in range(1000)}

WORKLOADS = {
    "tight": lambda: tight(60_000),
    "bubble": lambda: bubble(list(NUMBERS))[:3],
    "fib": lambda: fib(18),
    "word count": lambda: len(word_count(WORDS)),
    "loop code": lambda: loop_code(60_000, NUMBERS, WORDS),
    "1,000-element list": lambda: change_list(10_000),
    "10,000-entry dict": lambda: change_global_dict(10_000),
    "instances in a local": lambda: other_lines(NODES, 5_000),
    "lists in a local": lambda: other_lines(LISTS, 5_000),
    "instances in a global": lambda: other_lines_beside_a_global(5_000),
    "a method call on each": lambda: move_all(NODES, 5),
}
EXPECTED = {
    "tight": 3_599_940_000,
    "bubble": [207, 276, 748],
    "fib": 2584,
    "word count": 597,
    "loop code": (3_599_940_000, 207, 597),
    "1,000-element list": 28_498_500,
    "10,000-entry dict": 10_000,
    "instances in a local": (10833.0, 1000),
    "lists in a local": (10833.0, 1000),
    "instances in a global": (10833.0, 1000),
    "a method call on each": True,
}
