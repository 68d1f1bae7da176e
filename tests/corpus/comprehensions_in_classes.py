"""Class bodies that compute with comprehensions, some of which see only their first iterable."""

SCALE = 3


class Table:
    sizes = [1, 2, 3]
    squares = [n * n for n in sizes]
    scaled = {n: n * SCALE for n in sizes if n != 2}
    names = tuple(f"row{n}" for n in range(len(sizes)))
    total = sum(n for n in squares)
    for name in names:
        locals()[name.upper()] = len(name)
    del name

    class Row:
        cells = {cell for cell in "abba"}

    makers = [lambda n=n: n + SCALE for n in sizes]


class Broken:
    outer = 2
    try:
        inner = [outer * n for n in range(2)]
    except NameError as error:
        inner = error.name


print(Table.squares, Table.scaled, Table.names, Table.total)
print(sorted(Table.Row.cells), [make() for make in Table.makers], Table.ROW0)
print(Broken.inner)
