"""Closures that share and rebind cells."""


def counter(start):
    count = start

    def up(step=1):
        nonlocal count
        count += step
        return count

    def reset():
        nonlocal count
        count = start

    return up, reset


def accumulate():
    total, seen = 0, []

    def add(x):
        nonlocal total
        total += x
        seen.append(total)
        return seen

    return add


def main():
    up, reset = counter(10)
    values = [up(), up(5)]
    reset()
    values.append(up())
    print(values)
    add = accumulate()
    for x in (1, 2, 3):
        history = add(x)
    print(history)


if __name__ == "__main__":
    main()
