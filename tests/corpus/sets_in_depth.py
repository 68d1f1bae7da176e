"""Set algebra by operator and method, frozen sets as keys, sets changed while others share them."""


def closure(pairs, start):
    reached, frontier = {start}, {start}
    while frontier:
        frontier = {b for a, b in pairs if a in frontier} - reached
        reached |= frontier
    return reached


def powerset(items):
    subsets = {frozenset()}
    for item in items:
        subsets |= {subset | {item} for subset in subsets}
    return subsets


def components(edges):
    groups = {}
    for a, b in edges:
        merged = groups.get(a, {a}) | groups.get(b, {b})
        for member in merged:
            groups[member] = merged
    return {frozenset(group) for group in groups.values()}


def main():
    a, b = {1, 2, 3}, {3, 4}
    shared = [a, a]
    a.discard(9)
    a -= {1}
    shared[0].update(b, [7])
    popped = {5}.pop()
    c = a.copy()
    c.symmetric_difference_update({2, 8})
    order = a > b, b.isdisjoint({9}), {1} <= {1, 2} < {1, 2, 3}
    try:
        a.remove("x")
    except KeyError as error:
        missing = error.args[0]
    return shared, popped, c, order, missing, b.intersection(a, {4, 5}), set("hello") ^ set("hell")


print(closure([(1, 2), (2, 3), (3, 1), (4, 5)], 1), len(powerset("abc")))
print(sorted(map(sorted, components([(1, 2), (3, 4), (2, 5)]))))
print(main(), {frozenset("ab"): 1}[frozenset("ba")])
