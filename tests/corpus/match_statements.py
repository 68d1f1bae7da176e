"""match on values, sequences, mappings, classes, with guards and captures."""


class Node:
    __match_args__ = ("kind", "children")

    def __init__(self, kind, *children):
        self.kind, self.children = kind, list(children)


def describe(value):
    match value:
        case 0 | 1:
            result = "bit"
        case int(n) if n < 0:
            result = ("negative", n)
        case [first, *rest] if rest:
            result = (first, rest)
        case [only]:
            result = only
        case {"op": op, **others}:
            others["op2"] = op
            result = others
        case Node("leaf", []):
            result = "leaf"
        case Node(kind, [left, right]):
            result = [kind, describe(left), describe(right)]
        case str() as text:
            result = text.upper()
        case _:
            result = None
    return result


def main():
    leaf = Node("leaf")
    values = [0, -4, [1, 2, 3], [[]], {"op": "+", "x": [1]}, leaf, Node("add", leaf, Node("sub", 1, "a")), "s", 2.5]
    for value in values:
        print(describe(value))


if __name__ == "__main__":
    main()
