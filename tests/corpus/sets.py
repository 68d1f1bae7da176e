"""Sets and frozensets: operations, mixed elements, frozensets in sets."""


class Item:
    def __init__(self, name):
        self.name = name


def main():
    a = {1, 2, 3}
    b = set("hello")
    a.add(4)
    a.discard(1)
    c = a | {9}
    d = c - a
    e = frozenset([1, (2, 3), frozenset({4})])
    nested = {e, frozenset()}
    items = {Item("only")}
    first = next(iter(items))
    first.name = "changed"
    mixed = {1, "1", None, 2.5, (1,), b"1", True}
    a.clear()
    for n in range(20):
        a.add(n * 7 % 11)
    a ^= {1, 100}
    popped = {5}.pop()
    print(sorted(b), sorted(c), d, len(nested), len(mixed), sorted(a), popped)


if __name__ == "__main__":
    main()
