"""Class bodies that compute: loops, conditionals, nested classes, class-level comprehensions."""


class Config:
    """Holds settings."""

    names = ["a", "b"]
    table = {}
    for n in names:
        table[n] = len(table)
    count = len(names)
    if count > 1:
        kind = "many"
    else:
        kind = "few"
    upper = [name.upper() for name in ("x", "y")]

    class Inner:
        depth = 1
        items = [depth, depth + 1]
        depth += 1

    def read(self):
        return self.table, Config.Inner.items

    read_again = read
    del n


def build(base):
    class Local(Config):
        base_value = base
        values = [base]
        values += [2]

        def total(self):
            return sum(self.values) + base
    return Local


def main():
    print(Config().read(), Config.kind, Config.upper)
    local = build(5)()
    print(local.total(), local.read_again()[1])


if __name__ == "__main__":
    main()
