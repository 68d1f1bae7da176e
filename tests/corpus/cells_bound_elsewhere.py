"""Closures whose variables are bound by code that is not recorded, by each other, and by hand."""

import types

elsewhere: dict = {}
exec(
    compile(
        """
def make(start):
    count, log = start, []

    def bump():
        nonlocal count
        count += 1
        return count

    def show():
        return count, log

    return bump, show


def give_attribute(function, value):
    function.note = value


def rebind(cell, value):
    cell.cell_contents = value


def later():
    total = 0

    def add(n):
        nonlocal total
        total += n

    def read():
        return total

    yield read
    for n in range(3):
        total = total * 10 + n
        yield add
""",
        "<elsewhere>",
        "exec",
    ),
    elsewhere,
)


def pair():
    held = 1

    def put(value):
        nonlocal held
        held = value

    def get():
        return held

    return put, get


def plain():
    return 7


def use(bump, show):
    for _ in range(4):
        bump()
        n = bump()
    count, log = show()
    log.append(n)
    return count


def main():
    bump, show = elsewhere["make"](5)
    total = use(bump, show)
    put, get = pair()
    for value in (2, [3], 4, get):
        put(value)
        last = get()
    elsewhere["rebind"](get.__closure__[0], "by hand")
    last = get()
    elsewhere["give_attribute"](plain, [1])
    plain.note.append(2)
    elsewhere["give_attribute"](get, 1)
    steps = elsewhere["later"]()
    read = next(steps)
    for add in steps:
        add(5)
        total += read()
    cell = types.CellType(1)
    holder = types.FunctionType(get.__code__, globals(), "holder", (), (cell,))
    first = holder()
    cell.cell_contents = 2
    del cell.cell_contents
    put.__defaults__ = ("default",)
    put()
    return total, last, first, get()


print(main())
