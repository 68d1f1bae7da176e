"""Star assignment, nested targets, swaps, unpacking in displays and calls."""


def main():
    a, b = 1, [2]
    a, b = b, a
    first, *middle, last = range(6)
    (x, (y, *z)), w = (1, (2, 3, 4)), "w"
    [p, q] = "pq"
    row = [0, 0, 0]
    row[0], row[1], *row[1:] = 7, 8, 9, 10
    i = 0
    i, row[i] = 2, "set"
    merged = [*middle, *z]
    table = {**{"a": 1}, "b": 2, **{"a": 3}}
    together = {*merged, *"ab"}
    chained = other = []
    chained.append(first)
    head, *_ = merged
    try:
        one, two = [1, 2, 3]
    except ValueError as error:
        message = str(error)
    print(a, b, last, x, y, w, p, q, row, merged, table, len(together), other, head, message)


if __name__ == "__main__":
    main()
