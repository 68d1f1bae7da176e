"""__slots__ through inheritance: unset ones, defaults, a dict beside them, private names."""


class Point:
    __slots__ = ("x", "y")

    def __init__(self, x, y=None):
        self.x = x
        if y is not None:
            self.y = y

    def moved(self, by):
        twin = type(self).__new__(type(self))
        for name in ("x", "y"):
            if hasattr(self, name):
                setattr(twin, name, getattr(self, name) + by)
        return twin


class Named(Point):
    __slots__ = ("__secret", "name", "__weakref__")

    def __init__(self, name, *xy):
        super().__init__(*xy)
        self.name, self.__secret = name, [name]

    def tell(self):
        self.__secret.append(self.x)
        return self.__secret


class Open(Named):
    pass


class Shadow(Point):
    __slots__ = ("x",)

    def both(self):
        Point.x.__set__(self, -1)
        return self.x, Point.x.__get__(self)


def main():
    a = Point(1)
    b = a.moved(5)
    b.y = [b.x]
    named = Named("n", 1, 2)
    named.tell().append(named)
    opened = Open("o", 3)
    opened.extra, opened.y = {"free": True}, opened
    shadow = Shadow(8, 9)
    pair = shadow.both()
    del a.x
    try:
        a.z = 1
    except AttributeError as error:
        problem = type(error).__name__
    return b.y, len(named.tell()), vars(opened), pair, hasattr(a, "x"), problem


print(main()[:2], main()[3:])
