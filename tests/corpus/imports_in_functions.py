"""Imports in functions and under names, from and as, failing imports."""


def area(r):
    import math as m
    from math import floor, pi as circle
    value = floor(m.sqrt(r) * circle)
    return value


def missing():
    try:
        import no_such_module_here
    except ImportError as error:
        name = error.name
    else:
        name = no_such_module_here
    return name


def main():
    import collections.abc
    import json
    text = json.dumps({"a": [1, None]})
    back = json.loads(text)
    print(area(9), missing(), back, isinstance(back, collections.abc.Mapping))


if __name__ == "__main__":
    main()
