"""Operators on user classes: arithmetic, in-place, indexing, call, comparison, containment."""


class Vector:
    def __init__(self, *parts):
        self.parts = list(parts)

    def __add__(self, other):
        return Vector(*[a + b for a, b in zip(self.parts, other.parts)])

    def __iadd__(self, other):
        for i, part in enumerate(other.parts):
            self.parts[i] += part
        return self

    def __getitem__(self, index):
        return self.parts[index]

    def __setitem__(self, index, value):
        self.parts[index] = value

    def __delitem__(self, index):
        del self.parts[index]

    def __len__(self):
        return len(self.parts)

    def __eq__(self, other):
        return self.parts == other.parts

    def __lt__(self, other):
        return self.parts < other.parts

    def __contains__(self, part):
        return part in self.parts

    def __call__(self, scale):
        self.parts = [part * scale for part in self.parts]

    def __neg__(self):
        return Vector(*(-part for part in self.parts))


def main():
    a, b = Vector(1, 2), Vector(3, 4)
    c = a + b
    a += b
    a[0] = 9
    c(10)
    del c[1]
    d = -b
    print(a.parts, c.parts, len(b), a == b, a < b, 4 in b, d[0], sorted([a, d, b])[0].parts)


if __name__ == "__main__":
    main()
