"""Code whose local names live in a mapping written in Python: recorded, computed, read only."""

from collections import ChainMap, UserDict


class Recording(UserDict):
    def __init__(self, **values):
        super().__init__(values)
        self.log = []

    def __getitem__(self, name):
        self.log.append(f"get {name}")
        return super().__getitem__(name)

    def __setitem__(self, name, value):
        if "log" in self.__dict__:
            self.log.append(f"set {name}")
        super().__setitem__(name, value)

    def __delitem__(self, name):
        self.log.append(f"del {name}")
        super().__delitem__(name)


class Units(dict):
    def __missing__(self, name):
        if name.startswith("k"):
            return 1000 * self[name[1:]]
        raise KeyError(name)


def run(source, names):
    exec(compile(source, "<cell>", "exec"), {}, names)
    return names


recording = run("b = a + 1\ndel a\nfor c in range(2): pass", Recording(a=1))
print(recording.data, recording.log)
units = run("length = 3 * km + m", Units(m=1))
print(units)
defaults, own = {"size": 1, "name": "n"}, {}
print(run("size = size + 1\nlabel = name * size", ChainMap(own, defaults)).maps)
try:
    run("x = z", units)
except NameError as error:
    print(type(error).__name__, error.name)
