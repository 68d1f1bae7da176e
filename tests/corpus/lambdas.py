"""Lambdas: stored, immediately called, as keys, with defaults, several on one line."""

double = lambda x: x * 2
compose = lambda f, g: lambda x: f(g(x))


def main():
    inc = lambda n=1, *rest: n + 1 + len(rest)
    print(inc(), inc(4, 5), (lambda: "now")())
    both = compose(double, inc)
    words = sorted(["bb", "a", "ccc"], key=lambda w: -len(w))
    pairs = list(map(lambda a, b: (a, b), [1, 2], [3, 4])); odd = list(filter(lambda n: n % 2, range(5)))
    print(both(5), words, pairs, odd)
    table = {"+": lambda a, b: a + b, "-": lambda a, b: a - b}
    print([table[op](5, 3) for op in "+-"])


if __name__ == "__main__":
    main()
