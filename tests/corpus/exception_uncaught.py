"""Dies of an exception in a nested call."""


def level(n, seen):
    seen.append(n)
    if n == 3:
        raise LookupError("at three", n)
    level(n + 1, seen)


def main():
    seen = []
    level(0, seen)


if __name__ == "__main__":
    main()
