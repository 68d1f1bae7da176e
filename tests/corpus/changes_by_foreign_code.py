"""Code that is not recorded changes what recorded frames reach, often enough for its sites to be
listened to."""

import functools
import random

ELSEWHERE = """
def put(items, value):
    items.append(value)
    return len(items)

def set_attribute(thing, name, value):
    setattr(thing, name, value)

def set_fields(thing, **values):
    thing.__dict__.update(values)

def set_through_dict(thing, value):
    attributes = vars(thing)
    attributes["late"] = value

def extend_until_it_breaks(items, values):
    try:
        items.extend(values)
    except ValueError:
        pass

def append_all(items, values):
    append = items.append
    for value in values:
        append(value)

def append_from_c(items, values):
    list(map(items.append, values))

def give_appender(items):
    return items.append

def sort_by(items, key):
    items.sort(key=key)
    return items

def replace_inner(outer, at, value):
    outer[at][0] = value
    del outer[at][1:]

def each(items):
    for at in range(len(items)):
        items[at] += 1
        yield at

def call(function, *arguments, **options):
    return function(*arguments, **options)

def count(counts, words):
    for word in words:
        counts[word] = counts.get(word, 0) + 1

class Stack:
    def __init__(self):
        self.items = []
        self.n_pushed = 0

    def push(self, value):
        self.items.append(value)
        self.n_pushed += 1
        return self
"""

elsewhere = {"__name__": "elsewhere"}
exec(compile(ELSEWHERE, "/elsewhere/elsewhere.py", "exec"), elsewhere)


class Thing:
    def __init__(self):
        self.size = 1


def breaks(n):
    for i in range(n):
        yield i
    raise ValueError(n)


def weigh(item):
    weight = -item
    return weight


def make_busy():
    graph = [[i, [i]] for i in range(1500)]
    total = 0
    for i in range(40):
        total = elsewhere["put"](graph[i % 3], i)
    return total


def change_lists():
    items, seen = [3, 1, 2], [[0, 1], [2, 3]]
    elsewhere["put"](items, 4)
    n = len(items)
    elsewhere["extend_until_it_breaks"](items, breaks(2))
    n = len(items)
    elsewhere["append_all"](items, "ab")
    elsewhere["append_from_c"](items, (7, 8))
    n = len(items)
    append = elsewhere["give_appender"](items)
    n = len(list(map(append, range(2))))
    n = elsewhere["call"](functools.partial(append, 9))
    n = len(items)
    elsewhere["replace_inner"](seen, 1, "x")
    n = len(seen)
    numbers = [3, 1, 2]
    same = elsewhere["sort_by"](numbers, weigh)
    for at in elsewhere["each"](numbers):
        n = at
    elsewhere["call"](numbers.insert, 0, "first")
    random.Random(1).shuffle(numbers)
    n = elsewhere["call"](list.append, numbers, "last")
    return items, same


def change_instances():
    thing, stack = Thing(), elsewhere["Stack"]()
    elsewhere["set_attribute"](thing, "size", 2)
    n = thing.size
    elsewhere["set_fields"](thing, size=3, name="x")
    n = thing.size
    elsewhere["set_through_dict"](thing, [1])
    n = thing.late
    stack.push(1).push(thing)
    n = stack.n_pushed
    elsewhere["call"](stack.push, n)
    elsewhere["call"](object.__setattr__, thing, "size", 4)
    return n


def change_dicts():
    counts, nested = {}, {"a": {"b": [1]}}
    elsewhere["count"](counts, "abca")
    n = len(counts)
    elsewhere["call"](nested["a"]["b"].append, 2)
    n = len(nested)
    elsewhere["call"](dict.update, counts, z=n)
    elsewhere["call"](nested["a"].pop, "b")
    return counts


def make_counter():
    count = 0
    log = []

    def bump(by):
        nonlocal count
        count += by
        log.append(count)
        return count

    elsewhere["call"](bump, 2)
    before = count
    elsewhere["call"](elsewhere["call"], bump, 3)
    return before, count, log


make_busy()
for change in (change_lists, change_instances, change_dicts, make_counter):
    print(change())
make_busy()
for change in (change_lists, change_instances, change_dicts, make_counter):
    result = change()
