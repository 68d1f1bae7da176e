"""A module that defines its own len, list, print and max."""

_print = print
calls = []


def len(thing):
    calls.append(type(thing).__name__)
    n = 0
    for _ in thing:
        n += 1
    return n + 100


def list(*items):
    calls.append("list")
    return [*items]


def print(*args):
    _print("shadowed", *args)


def range(n):
    calls.append(n)
    i = 0
    while i < n:
        yield i
        i += 1


def main():
    global len
    max = lambda *a: calls.append(a) or a[0]
    total = len([1, 2])
    items = list(3, 4)
    for i in range(2):
        items.append(i)
    print(total, items, max(1, 2), calls)
    saved = len
    del len
    after = len([1, 2])
    len = saved
    print(after, len([]))


if __name__ == "__main__":
    main()
