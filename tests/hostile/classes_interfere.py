"""Hooks by which classes are made, and classes, dicts and bases changed under living instances."""

log = []


class Order(dict):
    def __setitem__(self, name, value):
        log.append(name)
        super().__setitem__(name, value)
        if name == "first":
            super().__setitem__("slipped_in", [value])


class Meta(type):
    @classmethod
    def __prepare__(meta, name, bases, **options):
        return Order(prepared=[name])

    def __new__(meta, name, bases, names, **options):
        return super().__new__(meta, name, bases, dict(names))

    def __init__(cls, name, bases, names, **options):
        cls.options = options

    def mro(cls):
        found = super().mro()
        return [found[0], *extra, *found[1:]]

    def __instancecheck__(cls, instance):
        log.append("instance?")
        return not type.__instancecheck__(cls, instance)

    def __subclasscheck__(cls, other):
        raise RuntimeError("subclass?")

    def __call__(cls, *arguments):
        return type.__call__(cls, *arguments), cls

    def __setattr__(cls, name, value):
        log.append(("set", name))
        type.__setattr__(cls, name, [value])


class Names:
    def __set_name__(self, owner, name):
        log.append(name)
        setattr(owner, f"{name}_too", self)

    def __get__(self, instance, owner=None):
        if instance is not None:
            instance.got = [self]
        return 1


class Slipped:
    said = "slipped in"


class Base:
    registry = []

    def __init_subclass__(cls, **options):
        Base.registry.append((cls.__name__, options))
        cls.made = Base.registry


extra = [Slipped]


class Hostile(Base, metaclass=Meta, option=[1]):
    first = 1
    names = Names()


class A:
    def who(self):
        return "A"


class B:
    said = "B"

    def who(self):
        return "B"


class C(A):
    pass


def changes():
    one, two = C(), C()
    one.x, two.x = [1], [2]
    one.__dict__ = {"y": [3]}
    two.__dict__ = shared = one.__dict__
    shared["z"] = two
    print(one.y, two.z is two, hasattr(one, "x"))
    shared.clear()
    one.__class__ = B
    print(one.who(), two.who(), one.said)
    C.__bases__ = (B,)
    print(two.who(), C.__mro__[1].__name__)
    del one.__dict__
    one.fresh = 1
    print(vars(one), vars(two))
    try:
        C.__bases__ = (int,)
    except TypeError as error:
        print(str(error)[:40])
    C.__name__, C.__qualname__, C.__module__ = "\u20ac", "a b\udc80", None
    print(ascii(C.__name__), ascii(C.__qualname__), two.who())


def main():
    thing, cls = Hostile()
    print(thing.names, thing.said, thing.got is not None, isinstance(1, Hostile))
    Hostile.late = 5
    print(Hostile.late, Hostile.options, Hostile.slipped_in, cls is Hostile)
    try:
        issubclass(int, Hostile)
    except RuntimeError as error:
        print(error)
    extra.clear()
    type.__setattr__(Hostile, "__bases__", (Base, Slipped))
    print([one.__name__ for one in Hostile.__mro__], Base.registry)
    changes()


main()
print(log)
