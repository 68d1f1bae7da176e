"""A metaclass, class attributes changed, methods added, __class__ assigned, type() called."""


class Meta(type):
    made = []

    def __new__(mcls, name, bases, namespace):
        cls = super().__new__(mcls, name, bases, namespace)
        mcls.made.append(name)
        return cls

    def __call__(cls, *args):
        instance = super().__call__(*args)
        instance.by_meta = True
        return instance


class Base(metaclass=Meta):
    shared = []

    def __init__(self, n):
        self.n = n


class Child(Base):
    def grow(self):
        self.shared.append(self.n)
        return self.shared


def added(self):
    return self.n * 100


def main():
    child = Child(1)
    child.grow()
    Base.added = added
    Dynamic = type("Dynamic", (), {"x": 1})
    other = Base(2)
    other.__class__ = Child
    other.grow()
    Child.shared = ["own"]
    moved = Dynamic()
    moved.y = child
    print(Meta.made, child.added(), Base.shared, other.grow(), child.by_meta, moved.x)


if __name__ == "__main__":
    main()
