"""Exceptions inside comprehensions and names restored after them."""


def check(n):
    if n == 2:
        raise ValueError(n)
    return n


def main():
    n = "kept"
    try:
        values = [check(n) for n in range(4)]
    except ValueError as error:
        values = [error.args]
    print(n, values)
    try:
        {k: v for k, v in [(1, 2), (3,)]}
    except ValueError:
        print("unpack")
    seen = []
    kept = [y for y in range(5) if not seen.append(y)]
    print(kept, seen)


if __name__ == "__main__":
    main()
