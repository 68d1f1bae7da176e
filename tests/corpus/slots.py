"""Classes with __slots__, with and without a dict, inherited, private and unset slots."""


class Point:
    __slots__ = ("x", "y", "__hidden")

    def __init__(self, x, y):
        self.x, self.y = x, y
        self.__hidden = [x]

    def move(self, dx):
        self.x += dx
        self.__hidden.append(self.x)


class Named(Point):
    __slots__ = ["name", "unset"]

    def __init__(self, name):
        super().__init__(0, 0)
        self.name = name


class Open(Point):
    pass


class Empty:
    __slots__ = ()


def main():
    p, n, o = Point(1, 2), Named("n"), Open(3, 4)
    e = Empty()
    p.move(5)
    o.extra = [p, n]
    n.name += "!"
    del n.name
    try:
        n.name
    except AttributeError:
        n.unset = o
    try:
        p.other = 1
    except AttributeError:
        p.y = (p.x, n)
    print(p.x, o.extra[0] is p, type(e).__slots__)


if __name__ == "__main__":
    main()
