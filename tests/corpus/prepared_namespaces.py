"""Classes whose bodies run in a namespace that a metaclass prepared: ordered, seeded, recording."""


class Seeded(type):
    @classmethod
    def __prepare__(meta, name, bases, **options):
        return {"level": len(bases), "tag": options.get("tag", name.lower())}

    def __new__(meta, name, bases, namespace, **options):
        order = [key for key in namespace if not key.startswith("__")]
        return super().__new__(meta, name, bases, namespace | {"order": order})

    def __init__(cls, name, bases, namespace, **options):
        super().__init__(name, bases, namespace)


class Base(metaclass=Seeded):
    first = level + 1
    second = tag * 2


class Child(Base, tag="kid"):
    level = level * 10
    del tag
    if level > 5:
        big = True
    else:
        small = True

    def describe(self):
        return self.level, self.order


class Empty(Child, tag="none"):
    pass


print(Base.level, Base.first, Base.second, Base.order)
print(Child.level, Child.big, hasattr(Child, "small"), Child().describe())
print(Empty.order, Empty.tag)
