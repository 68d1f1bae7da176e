"""Unpacking with stars at every place: swaps, nested targets, calls, displays, loops, slices."""


def split(items):
    first, *middle, last = items
    *start, (a, *b), end = [*middle, items, first]
    return first, middle, last, start, a, b, end


def swap(items, i, j):
    items[i], items[j] = items[j], items[i]
    (items[0], items[-1]), items[1:2] = (items[-1], items[0]), ["x", "y"]
    return items


class Box:
    pass


def targets():
    box, table = Box(), {}
    box.first, table["rest"], *table["more"] = range(5)
    i, table[i] = 1, "one"
    x = y = z = []
    x.append(1)
    [p, [q, *r]] = "a", "bcd"
    return vars(box), table, y is z, p, q, r


def call(*args, key=None, **options):
    return args, key, options


def errors():
    found = []
    for values in ([1], [1, 2], [1, 2, 3]):
        try:
            a, *b, c = values
            d, e = values
        except ValueError as error:
            found.append(str(error).split(" (")[0])
    return found


print(split([1, 2, 3, 4]), swap([1, 2, 3], 0, 1), targets(), sep="\n")
print(call(*"ab", *[1], **{"key": 2}, **{"z": 3}), [*range(2), *{5: 6}], {**{"a": 1}, "a": 2})
for head, *tail in ("abc", [1], {"k": 0, "l": 1}):
    print(head, tail)
print(errors())
