"""Late binding in loops, cells of parameters, closures deleted and re-bound."""


def make_all():
    functions = []
    for i in range(3):
        functions.append(lambda: i)
    return functions


def make_fixed(n):
    return [lambda x, i=i: x + i + n for i in range(3)]


def cell_of_parameter(values):
    def inner():
        values.append(len(values))
        return values
    inner()
    values = ["new"]
    inner()
    return values


def deleted():
    x = 1

    def read():
        return x
    before = read()
    del x
    try:
        read()
    except NameError as error:
        message = str(error)
    x = 2
    return before, message, read()


def main():
    print([f() for f in make_all()])
    print([f(10) for f in make_fixed(100)])
    print(cell_of_parameter([]))
    print(deleted())


if __name__ == "__main__":
    main()
