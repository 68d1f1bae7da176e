"""Generator expressions consumed by functions, partly consumed, nested and passed on."""


def take(iterable, count):
    taken = []
    for item in iterable:
        taken.append(item)
        if len(taken) == count:
            break
    return taken


def main():
    numbers = [1, 2, 3, 4]
    total = sum(n * n for n in numbers)
    longest = max((len(word) for word in "a bbb cc".split()), default=0)
    found = any(n > 2 for n in numbers)
    whole = all(n for n in numbers)
    lazy = (n + len(numbers) for n in numbers)
    first = take(lazy, 2)
    numbers.append(5)
    rest = list(lazy)
    nested = list(x * y for x in range(2) for y in (z + 1 for z in range(2)))
    print(total, longest, found, whole, first, rest, nested)


if __name__ == "__main__":
    main()
