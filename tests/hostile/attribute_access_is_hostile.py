"""`__getattribute__`, `__class__`, `__dict__` and properties lie, raise, count and recurse."""

calls = []


class Liar:
    def __init__(self):
        object.__setattr__(self, "kept", [1, 2, 3])

    def __getattribute__(self, name):
        calls.append(name)
        raise AttributeError(name)

    @property
    def __class__(self):
        calls.append("class")
        return int


class Recursive:
    @property
    def __dict__(self):
        calls.append("dict")
        return self.__dict__

    @property
    def value(self):
        calls.append("value")
        return self.value


class Slotted:
    __slots__ = ("__dict__", "a")

    def __getattr__(self, name):
        calls.append(name)
        return Slotted()


class Meta(type):
    def __getattribute__(cls, name):
        calls.append(f"meta {name}")
        return super().__getattribute__(name)

    def __instancecheck__(cls, instance):
        calls.append("instancecheck")
        return True

    def __subclasscheck__(cls, subclass):
        calls.append("subclasscheck")
        return True

    def mro(cls):
        calls.append("mro")
        return super().mro()


class WithMeta(metaclass=Meta):
    x = 1


def main():
    liar, recursive, slotted, meta = Liar(), Recursive(), Slotted(), WithMeta()
    slotted.a = 1
    slotted.b = [2]
    meta.y = 5
    calls.append("--")
    group = [liar, recursive, slotted, meta]
    for one in group:
        pass
    slotted.b.append(3)
    calls.append("--")
    return group


main()
print(calls)
