"""Subclasses of list, dict, set and tuple, with attributes, and overridden methods."""


class Stack(list):
    def push(self, item):
        self.append(item)
        self.pushed = getattr(self, "pushed", 0) + 1


class LoudDict(dict):
    def __setitem__(self, key, value):
        super().__setitem__(key, [value])

    def __missing__(self, key):
        self[key] = "default"
        return self[key]


class Tags(set):
    __slots__ = ("owner",)


class Pair(tuple):
    def swapped(self):
        return Pair((self[1], self[0]))


def main():
    stack = Stack([1])
    stack.push(2)
    stack.push(stack)
    table = LoudDict(a=1)
    table["b"] = 2
    missing = table["c"]
    table.update(d=4)
    tags = Tags("xy")
    tags.owner = stack
    tags.add("z")
    pair = Pair((1, [2]))
    pair.note = "with attributes"
    other = pair.swapped()
    other[0].append(pair)
    print(len(stack), stack.pushed, dict(table), missing, sorted(tags), other[1])


if __name__ == "__main__":
    main()
