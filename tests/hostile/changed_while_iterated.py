"""Containers that change while they are iterated, and keys that lie."""


class Key:
    def __init__(self, value):
        self.value = value

    def __hash__(self):
        return 1

    def __eq__(self, other):
        seen.append((self.value, other.value))
        if self.value == "bomb":
            table.clear()
        return False


class Unstable:
    n = 0

    def __hash__(self):
        Unstable.n += 1
        return Unstable.n


seen = []
table = {}


def main():
    for value in ("a", "b", "bomb", "c"):
        table[Key(value)] = value
    d = dict.fromkeys(range(5))
    try:
        for key in d:
            d[key + 10] = None
    except RuntimeError as error:
        print(error)
    items = [1, 2, 3]
    for item in items:
        if len(items) < 10:
            items.append(item)
    lying = {Unstable(): 1}
    print(len(lying), list(lying)[0] in lying, Unstable.n)
    nan = float("nan")
    nans = {nan: 1, float("nan"): 2}
    nans[nan] = 3
    surrogate = {"\ud800": "\udfff", b"\xff": "\0"}
    itself = []
    itself.append(itself)
    loop = {}
    loop["loop"] = loop
    knot = (itself, loop)
    itself.append(knot)
    return len(nans), len(surrogate), len(itself)


print(main(), len(table), seen)
