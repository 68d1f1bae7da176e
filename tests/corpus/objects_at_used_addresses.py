"""Objects give way on one line to others of their size, made in the memory that they leave."""

from datetime import timedelta
from operator import attrgetter
from statistics import mean
from types import SimpleNamespace


class Box:
    pass


def tuples(n):
    held = [(n, 1, 2, 3, 4, 5, 6, 7, 8, -n)]
    pairs = {"key": (n, 1, 2, 3, 4, 5, 6, 7, 8, -n)}
    space = SimpleNamespace(item=(n, 1, 2, 3, 4, 5, 6, 7, 8, -n))
    for n in range(n, n + 3):
        held.pop(); held.append((n, 1, 2, 3, 4, 5, 6, 7, 8, n))
        del pairs["key"]; pairs["key"] = (n, 1, 2, 3, 4, 5, 6, 7, 8, n)
        del space.item; space.item = (n, 1, 2, 3, 4, 5, 6, 7, 8, n)
    return held, pairs, space.item


def sets(n):
    held = [frozenset((n, -n))]
    for n in range(n, n + 3):
        held.pop(); held.append(frozenset((n, n + 1)))
    return held


def spans(n):
    held = [timedelta(n)]
    pairs = {"key": timedelta(n)}
    for n in range(n, n + 3):
        held.pop(); held.append(timedelta(n, 1))
        del pairs["key"]; pairs["key"] = timedelta(n, 2)
    return held, pairs


def functions(n):
    held = [lambda: 1]
    for n in range(n, n + 3):
        held.pop(); held.append(lambda: 2)
        held.pop(); held.append(lambda: 3)
    return held[0]()


def kinds(n):
    held = [object()]
    for n in range(n, n + 3):
        held.pop(); held.append(Box)
        held.pop(); held.append(attrgetter("real"))
        held.pop(); held.append(object())
        held.pop(); held.append(timedelta(n))
    return held


def mutable(n):
    space = SimpleNamespace(item=[0])
    box = other = Box()
    box.item = [0]
    held = [[0]]
    pairs = {"key": [0]}
    for n in range(n, n + 3):
        del space.item; space.item = [n]
        del box.item; box.item = [n]
        held.pop(); held.append([n])
        del held[0]; held.append([n + 1])
        box.item = None; box.item = [n]
        box.item = None; other.item = [n + 2]
        pairs.clear(); pairs["key"] = [n]
    return space, box, held, pairs


class Changing:
    """Changes what it is given while code that is not recorded asks for its items."""

    def __init__(self, held, make):
        self.held, self.make = held, make

    def __iter__(self):
        for n in range(1, 4):
            self.held.pop(); self.held.append(self.make(n))
            yield n


def out_of_sight(make):
    held = [make(0)]
    average = mean(Changing(held, make))
    return held, average


def main():
    print(tuples(1), sets(2), spans(3), functions(4), [str(kinds(5)[0])])
    print(mutable(6)[2:])
    print(out_of_sight(lambda n: timedelta(n)))
    print(out_of_sight(lambda n: (n, 1, 2, 3, 4, 5, 6, 7, 8, -n)))
    print(out_of_sight(lambda n: frozenset((n, n + 1))) == 1)
    return "done"


main()
