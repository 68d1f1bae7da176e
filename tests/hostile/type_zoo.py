"""Types made, changed and destroyed at run time."""

import types


class Meta(type):
    def __new__(meta, name, bases, names, **options):
        return super().__new__(meta, name, bases, names)

    def __call__(cls, *arguments):
        made.append(cls.__name__)
        return super().__call__(*arguments)

    def __del__(cls):
        made.append("class dies")

    __hash__ = type.__hash__

    def __eq__(cls, other):
        made.append("classes compared")
        return cls is other


made = []


def main():
    for n in range(5):
        Made = Meta(f"Made{n}", (), {"n": n, "method": lambda self: self.n})
        thing = Made()
        thing.value = [n]
        Made.extra = n
        thing.method()
        Made.method = lambda self: -self.n
        thing.method()
        del Made.n
        try:
            thing.method()
        except AttributeError:
            thing.value.append("gone")
    del Made, thing
    Late = types.new_class("Late", (list,), {}, lambda names: names.update(__slots__=()))
    late = Late([1])
    late.append(2)
    Base = type("Base", (), {})
    Derived = type("Derived", (Base,), {})
    one = Derived()
    Other = type("Other", (), {"said": "other"})
    Derived.__bases__ = (Other,)
    return late, one.said


print(main(), made)
