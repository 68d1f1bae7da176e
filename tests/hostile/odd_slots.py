"""`__slots__` that are mangled, repeated, overridden, deleted, empty, or hold the dict."""
# says: it has no value apart

import weakref


class Plain:
    __slots__ = ("a", "__mangled", "_")

    def set(self):
        self.__mangled = [1]
        return self._Plain__mangled


class Repeats(Plain):
    __slots__ = ("a", "b")


class WithDict(Repeats):
    __slots__ = ("__dict__", "c", "__weakref__")


class Overridden(WithDict):
    __slots__ = ()
    a = property(lambda self: "property", lambda self, value: None)
    b = "in the class"


class Documented:
    __slots__ = {"a": "the documentation", "z": None}


class One:
    __slots__ = "single"


class OfTuple(tuple):
    __slots__ = ()


class Deleted:
    __slots__ = ("gone", "kept")


class Swapped:
    __slots__ = ("x", "y")


def main():
    plain, repeats, both = Plain(), Repeats(), WithDict()
    print(plain.set(), hasattr(plain, "a"))
    plain.a = repeats.a = both.a = [1]
    Plain.a.__set__(repeats, "hidden")
    print(repeats.a, Plain.a.__get__(repeats))
    both.any = [both]
    both.c = both.any
    del both.c
    try:
        both.c
    except AttributeError as error:
        print(error)
    reference = weakref.ref(both)
    print(reference() is both, sorted(vars(both)))
    over = Overridden()
    over.a = 1
    Repeats.a.__set__(over, [2])
    print(over.a, over.b, Repeats.a.__get__(over))
    documented, single, pair = Documented(), One(), OfTuple((1, [2]))
    documented.a, single.single = pair, documented
    pair[1].append(single)
    try:
        pair.x = 1
    except AttributeError as error:
        print(error)
    deleted = Deleted()
    deleted.gone, deleted.kept = [1], [2]
    descriptor = Deleted.gone
    del Deleted.gone
    descriptor.__get__(deleted).append(3)
    Deleted.other = descriptor
    print(deleted.other, deleted.kept, hasattr(deleted, "gone"))
    swapped = Swapped()
    swapped.x, swapped.y = 1, [2]
    Swapped.x, Swapped.y = Swapped.y, Swapped.x
    print(swapped.x, swapped.y)
    swapped.x = swapped
    del swapped.y
    return swapped.x is swapped


print(main())
