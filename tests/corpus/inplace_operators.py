"""Augmented assignment to names, items, attributes and slices, with and without __iadd__."""


class Bag:
    def __init__(self, items):
        self.items = list(items)

    def __iadd__(self, other):
        self.items.extend(other)
        return self

    def __isub__(self, other):
        return Bag(item for item in self.items if item not in other)

    def __ior__(self, other):
        self.items.append(("or", other))
        return NotImplemented

    def __or__(self, other):
        return Bag([*self.items, other])

    def __imatmul__(self, other):
        return "replaced"


class Holder:
    total = 0

    def __init__(self):
        self.bags = [Bag("ab")]


def main():
    bag = alias = Bag([1])
    bag += [2, 3]
    bag -= [1]
    alias |= 9
    holder = Holder()
    holder.total += 5
    holder.bags[0] += "c"
    holder.bags *= 2
    items = same = [1, 2, 3, 4]
    items[1:3] += [9]
    items[-1] <<= 3
    items += (5,)
    pair = ([],)
    try:
        pair[0] += ["kept"]
    except TypeError:
        pass
    word, flags = "ab", {1, 2}
    word *= 2
    flags ^= {2, 3}
    holder.bags[1] @= None
    counts = {"a": 1}
    counts["a"] **= 3
    counts |= {"b": 2}
    return bag.items, alias.items, holder.total, same, pair, word, flags, counts, holder.bags[1]


print(main(), Holder.total)
