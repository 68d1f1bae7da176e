"""List, dict, set and nested comprehensions, conditions, shadowed names, over several lines."""


def main():
    x = "outer"
    numbers = [4, 1, 3]
    doubled = [x * 2 for x in numbers]
    matrix = [[r * c for c in range(3)] for r in range(2)]
    flat = [cell for row in matrix for cell in row if cell]
    table = {n: [n] * n for n in numbers if n > 1}
    letters = {ch.lower() for ch in "AbBa"}
    long = [
        a + b
        for a in numbers
        if a != 1
        for b in (10, 20)
    ]
    swapped = {value[0]: key for key, value in table.items()}
    functions = [lambda k=k: k for k in range(2)]
    called = [f() for f in functions]
    inner = [[y for y in range(z)] for z in range(3)]
    print(x, doubled, matrix, flat, table, sorted(letters), long, swapped, called, inner)


if __name__ == "__main__":
    main()
