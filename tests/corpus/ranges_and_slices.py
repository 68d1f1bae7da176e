"""range and slice objects: steps, containment, slicing of slices, custom sequences, deletion."""


class Ring:
    def __init__(self, items):
        self.items = list(items)

    def __len__(self):
        return len(self.items)

    def __getitem__(self, key):
        if isinstance(key, slice):
            return [self[i] for i in range(*key.indices(len(self)))]
        if isinstance(key, tuple):
            return [self[part] for part in key]
        return self.items[key % len(self.items)]

    def __delitem__(self, key):
        del self.items[key]


def chunks(items, size):
    return [items[at : at + size] for at in range(0, len(items), size)]


def rotate(items, by):
    by %= len(items)
    items[:] = items[by:] + items[:by]
    return items


def edit():
    items = list(range(10))
    every = slice(None, None, 3)
    items[every] = "abcd"
    del items[1::4]
    items[2:2] = [[], []]
    items[-1:] = []
    middle = items[slice(1, -1)]
    middle.reverse()
    return items, middle, every.indices(5), (every.start, every.step)


ring = Ring("abcde")
print(ring[7], ring[1:4], ring[::-2], ring[0, -1, 1:3])
del ring[1:3]
steps = range(20, 0, -3)
print(ring.items, steps[1:-1], 14 in steps, steps.index(11), len(steps), range(0) == range(5, 1))
print(chunks("abcdefg", 3), rotate([1, 2, 3, 4], 6), edit())
