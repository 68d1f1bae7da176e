"""Blocks in blocks and data in data, a dozen levels deep, with exits from the innermost."""


def search(cube, wanted):
    for x, plane in enumerate(cube):
        if plane:
            for y, row in enumerate(plane):
                try:
                    for z, cell in enumerate(row):
                        with_value = cell
                        while with_value > 0:
                            if with_value == wanted:
                                match (x, y):
                                    case (0, _):
                                        with_value -= 1
                                    case _:
                                        for _ in range(2):
                                            if z:
                                                return x, y, z
                            with_value -= 1
                        else:
                            continue
                        break
                except TypeError:
                    pass
    return None


def build(depth):
    return {"depth": depth, "below": [build(depth - 1), depth]} if depth else []


def nested(words):
    return [[[[a + b + c for a in range(2)] for b in range(2) if b] for c in range(2)] for _ in words]


def dig(tree):
    path = []
    while tree:
        path.append(tree["depth"])
        tree["below"][1] += 100
        tree = tree["below"][0]
    return path


cube = [[[3, 1]], [], [[0, None], [1, 3]]]
print(search(cube, 2), search(cube, 9))
tree = build(10)
print(dig(tree), tree["below"][0]["below"][1])
print((lambda a: lambda b: lambda c: lambda d: [a, [b, [c, [d]]]])(1)(2)(3)(4))
print(nested("xy"))
