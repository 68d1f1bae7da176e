"""itertools: grouping, windows, products, cycles, accumulations and shared iterators."""

import itertools
import operator


def runs(text):
    return [(key, len(list(group))) for key, group in itertools.groupby(text)]


def windows(items, size):
    copies = itertools.tee(items, size)
    for skipped, copy in enumerate(copies):
        next(itertools.islice(copy, skipped, skipped), None)
    return list(zip(*copies))


def batches(items, size):
    source = iter(items)
    while batch := list(itertools.islice(source, size)):
        yield batch


def paired(items):
    source = iter(items)
    return list(itertools.zip_longest(source, source, fillvalue="-"))


def shared():
    source = iter(range(10))
    small = list(itertools.takewhile(lambda n: n < 3, source))
    return small, next(source), list(itertools.compress(source, itertools.cycle([0, 1])))


print(runs("aabccc"), windows([1, 2, 3, 4], 3), list(batches("abcde", 2)))
print(paired("abc"), shared())
print(list(itertools.accumulate([3, 1, 4, 1], max)), list(itertools.accumulate("abc", operator.add)))
print(["".join(p) for p in itertools.product("ab", repeat=2)], list(itertools.combinations([1, 2, 3], 2)))
print(list(itertools.starmap(pow, [(2, 3), (3, 2)])), list(itertools.chain.from_iterable(["ab", [1]])))
print(dict(zip("abc", itertools.count(1, 10))), list(itertools.pairwise("xyz")))
