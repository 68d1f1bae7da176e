"""Sets whose tables are built anew: elements change places, and equal ones take turns."""


def reordered():
    held = {1, 9, 17}
    same = held
    held.intersection_update([17, 9, 1])
    same.discard(9)
    held &= {1, 17, 25}
    held ^= {1, 33}
    held.add(9)
    held -= {33}
    return sorted(same)


def equal_elements(n):
    texts = {"%d" % (n + at) + "x" * 20 for at in range(3)}
    more = ["%d" % (n + at) + "x" * 20 for at in (2, 1, 0)]
    texts.intersection_update(more)
    texts.remove(more[0]); texts.add("%d" % (n + 2) + "x" * 20)
    texts.discard(more[1])
    numbers = {1, 2.0, True, n}
    numbers.discard(1); numbers.add(1.0)
    numbers.discard(2); numbers.add(2)
    return sorted(texts), sorted(numbers)


def tuples(n):
    pairs = {(n, at) for at in range(4)}
    pairs.intersection_update([(n, at) for at in (3, 2, 1, 0)])
    pairs.discard((n, 2))
    pairs.symmetric_difference_update([(n, 2), (n, 0)])
    return sorted(pairs)


print(reordered(), equal_elements(5), tuples(7))
