"""One object under many names: in lists, dicts, attributes, tuples, arguments."""


class Cell:
    def __init__(self):
        self.content = []
        self.link = self.content


def change(a, b):
    a.append("through a")
    b = b + ["new list"]
    a, b = b, a
    a.append("last")
    return a, b


def main():
    base = []
    both = [base, base]
    table = {"first": base, "all": both}
    fixed = (base, both)
    cell = Cell()
    cell.link.append(1)
    base.append(cell)
    both[1] = list(base)
    result = change(base, base)
    rows = [[0] * 2] * 3
    rows[0][1] = 5
    rows[1] = [0, 5]
    equal = [0, 5]
    cell.content = [1]
    cell.link.append(2)
    print(len(base), table["first"] is result[1], fixed[0] is base, rows, equal == rows[2], cell.content)


if __name__ == "__main__":
    main()
