"""Subclasses of the built-in types override each special method, and say what is not so."""
# says: it has no value apart

called = []
KEPT = set(
    """__new__ __init__ __class__ __getattribute__ __setattr__ __delattr__ __dict__ __doc__
__init_subclass__ __subclasshook__ __class_getitem__ __weakref__ __module__ __slots__""".split()
)
BASES = (int, float, complex, str, bytes, bytearray, list, tuple, dict, set, frozenset, object)


def lying(base, name):
    def method(self, *arguments, **options):
        called.append((base.__name__, name))
        if name == "__len__":
            return 2**62
        if name == "__hash__":
            return 7
        if name in ("__eq__", "__bool__", "__contains__"):
            return True
        if name in ("__repr__", "__str__", "__format__"):
            return "not so"
        if name in ("__int__", "__index__"):
            return 99
        if isinstance(self, (list, set, dict, bytearray)):
            base.clear(self)
        raise RuntimeError(name)

    return method


def overriding(base):
    names = {name: lying(base, name) for name in dir(base) if name not in KEPT}
    names |= {name: lying(base, name) for name in ("__len__", "__iter__", "__index__", "__bool__")}
    names["__getattr__"] = lying(base, "__getattr__")
    names["__class__"] = property(lambda self: called.append("class") or dict)
    return type(f"Own{base.__name__}", (base,), names)


class HugeLength:
    def __len__(self):
        called.append("huge")
        return 2**62

    def __length_hint__(self):
        called.append("hint")
        return 2**62

    def __getitem__(self, index):
        called.append("item")
        return index

    def __iter__(self):
        called.append("iter")
        return iter(())


def make():
    values = {int: 12, float: 1.5, complex: 2j, str: "text", bytes: b"raw", bytearray: b"raw"}
    values |= {list: [1, [2]], tuple: (1, [2]), dict: {"a": [1]}, set: {1}, frozenset: {1}}
    made = {}
    for base in BASES:
        kind = overriding(base)
        made[base] = kind(values[base]) if base in values else kind()
    return made


def change(made):
    list.append(made[list], made[dict])
    dict.__setitem__(made[dict], "b", made[list])
    set.add(made[set], "x")
    bytearray.append(made[bytearray], 1)
    for one in made.values():
        one.extra = [one]
    held = {"all": made, "huge": HugeLength()}
    held["last"] = list.pop(made[list])
    named = {1: made[int], 2: made[str]}
    del one.extra
    return held, named


def lies():
    made = make()
    called.append("--")
    held, named = change(made)
    called.append("--")
    huge = held["huge"]
    try:
        len(huge), list(huge)
    except (OverflowError, MemoryError) as error:
        called.append(type(error).__name__)
    text, number = made[str], made[int]
    print(str.__str__(text), int.__repr__(number), str(text), number + 1 if False else 0)
    print(list.__len__(made[list]), dict.__len__(made[dict]), isinstance(number, dict))
    return type(number).__mro__[1], len(named)


print(lies(), called)
