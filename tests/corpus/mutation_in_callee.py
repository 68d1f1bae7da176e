"""Callees change what callers hold: lists, dicts, sets, objects, nested, two levels down."""


class Bag:
    def __init__(self):
        self.items, self.index = [], {}


def put(bag, key, value):
    bag.items.append(value)
    bag.index.setdefault(key, []).append(value)


def fill(bag, n):
    for i in range(n):
        put(bag, i % 2, [i])


def clear(items):
    items.clear()


def deep(tree, path):
    if not path:
        tree["value"] = len(tree)
        return
    deep(tree.setdefault(path[0], {}), path[1:])


def main():
    bag = Bag()
    fill(bag, 4)
    bag.index[0][0].append("seen in items")
    kept = bag.items
    clear(kept)
    tree = {}
    deep(tree, ["a", "b"])
    deep(tree, ["a"])
    names = {"x"}
    (lambda s: s.add("y"))(names)
    print(bag.items, bag.index, tree, sorted(names))


if __name__ == "__main__":
    main()
