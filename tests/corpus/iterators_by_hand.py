"""Classes with __iter__ and __next__, iterators advanced by hand, zip and enumerate kept."""


class Count:
    def __init__(self, stop):
        self.stop, self.at = stop, 0

    def __iter__(self):
        return self

    def __next__(self):
        if self.at >= self.stop:
            raise StopIteration
        self.at += 1
        return self.at


class Tree:
    def __init__(self, value, *children):
        self.value, self.children = value, children

    def __iter__(self):
        yield self.value
        for child in self.children:
            yield from child


def main():
    total = 0
    for n in Count(3):
        total += n
    numbers = iter([10, 20, 30])
    first = next(numbers)
    rest = list(numbers)
    last = next(numbers, None)
    pairs = [(a, b) for a, b in zip(Count(2), Count(5))]
    tree = Tree(1, Tree(2), Tree(3, Tree(4)))
    print(total, first, rest, last, pairs, list(tree), sum(Count(4)))


if __name__ == "__main__":
    main()
