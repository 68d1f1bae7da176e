"""Assignment expressions in conditions, loops, comprehensions and calls."""


def main():
    data = [1, 5, 2, 8]
    if (n := len(data)) > 3:
        n += 1
    while (last := data.pop()) > 4:
        n += last
    kept = [y for x in (1, 2, 3) if (y := x * 2) > 2]
    print(n, last, kept, y, data)
    total = 0
    partial = [total := total + v for v in (1, 2, 3)]
    print(partial, total, (z := [1]) is z)


if __name__ == "__main__":
    main()
