"""Classes of one name, made where others of that name were: each keeps what its instances hold elsewhere."""

import gc


def plain(n):
    class Made:
        def __init__(self):
            self.first, self.second = [n], {n: n}

    return Made


def slotted(n):
    class Made:
        __slots__ = ("other", "second")

        def __init__(self):
            self.other, self.second = n, [n]

    return Made


def empty(n):
    class Made:
        __slots__ = ()

    return Made


def single(n):
    class Made:
        __slots__ = ("only",)

        def __init__(self):
            self.only = [n]

    return Made


def weak(n):
    class Made:
        __slots__ = ("__weakref__", "only")

        def __init__(self):
            self.only = (n, [n])

    return Made


def listed(n):
    class Made(list):
        __slots__ = ()

        def __init__(self):
            super().__init__([n, [n]])

    return Made


def renamed(n):
    class Made:
        def __init__(self):
            self.third, self.fourth = n, [n]

    return Made


def work(makers):
    total = 0
    for n in range(3):
        for make in makers:
            held = make(n)()
            total += n
            held = None
            gc.collect()
    return total


def classes(makers):
    kinds = []
    for n in range(3):
        for make in makers:
            kind = make(n)
            kinds.append(kind)
            kind = None
            kinds.clear()
            gc.collect()
    return kinds


def many(makers):
    made = []
    for turn in range(4):
        made = [make(turn)() for make in makers]
        names = [type(one).__name__ for one in made]
        made.clear()
        gc.collect()
        makers = makers[1:] + makers[:1]
    return names


MAKERS = [plain, empty, single, slotted, weak, listed, renamed]
print(work(MAKERS), work(MAKERS[::-1]), classes(MAKERS), many(MAKERS))
