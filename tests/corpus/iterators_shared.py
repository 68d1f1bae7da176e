"""Iterators in variables, attributes and closures that are consumed by several places at once."""

import itertools


class Reader:
    def __init__(self, lines):
        self.lines = iter(lines)
        self.n_read = 0

    def section(self):
        for line in self.lines:
            self.n_read += 1
            if not line:
                return
            yield line

    def all(self):
        sections = []
        while section := list(self.section()):
            sections.append(section)
        return sections


def header_and_rows(lines):
    source = iter(lines)
    header = next(source).split()
    return [dict(zip(header, line.split())) for line in source]


def alternate(items):
    source = iter(items)
    evens, odds = [], []
    for item in source:
        evens.append(item)
        odds.append(next(source, None))
    return evens, odds


def numbered():
    count = itertools.count(1)
    labels = {}

    def label(name):
        if name not in labels:
            labels[name] = next(count)
        return labels[name]

    return [label(name) for name in "abacb"], next(count)


def consumed(items):
    once = map(str.upper, items)
    return list(once), list(once), list(zip(*[iter("abcdef")] * 2))


print(Reader(["a", "b", "", "c", ""]).all(), header_and_rows(["x y", "1 2", "3 4"]))
print(alternate(range(5)), numbered(), consumed(["p", "q"]))
dictionary = {"a": 1, "b": 2}
keys = iter(dictionary)
first = next(keys)
dictionary[first] += 10
print(first, list(keys), dictionary)
