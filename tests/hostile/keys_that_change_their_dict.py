"""`__eq__` and `__hash__` change, grow, clear and replace the container that calls them."""

log = []
holder = {}


class Key:
    def __init__(self, name, number, action=None):
        self.name, self.number, self.action = name, number, action

    def __hash__(self):
        log.append(f"hash {self.name}")
        if self.action:
            self.action("hash", self)
        return self.number

    def __eq__(self, other):
        log.append(f"eq {self.name}")
        if self.action:
            self.action("eq", self)
        return self is other


def grows(when, key):
    if when == "eq":
        for n in range(20):
            dict.__setitem__(holder["dict"], f"{key.name} {n}", [n])


def clears(when, key):
    if when == "eq":
        holder["dict"].clear()


def rehashes(when, key):
    key.number += 1


def replaces(when, key):
    if when == "hash":
        holder["dict"] = dict(holder["dict"])
        holder["dict"][when] = key.name


def swaps(when, key):
    """Another key of another kind makes the table a general one."""
    holder["dict"][(key.name, len(holder["dict"]))] = [key]
    holder["set"].add(when)


def raises(when, key):
    raise ValueError(when)


class ChangesClass:
    def __hash__(self):
        self.__class__ = Key
        self.name = self.number = 5
        self.action = None
        return 5


def use(action):
    found = holder["dict"] = {"a": 1, "b": [2]}
    unique = holder["set"] = {1, "b"}
    # Equal hashes with others, so that keys are compared.
    first, second = Key("first", 3, action), Key("second", 3, action)
    for step in (found.__setitem__, found.setdefault):
        for key in (first, second, first):
            try:
                step(key, [key.name])
            except (RuntimeError, ValueError) as error:
                log.append(str(error))
    for step in (unique.add, unique.discard, unique.__contains__, unique.remove):
        for key in (first, second):
            try:
                step(key)
            except (KeyError, RuntimeError, ValueError) as error:
                log.append(type(error).__name__)
    return len(found), len(unique), len(holder["dict"])


def of_classes():
    class Lazy(dict):
        def __missing__(self, key):
            self[key] = self
            return self

        __hash__ = object.__hash__

    lazy = Lazy()
    lazy[lazy][1][lazy] = 2
    frozen = frozenset({ChangesClass(), lazy})
    nested = {frozen: {frozen}}
    nested[frozenset(nested)] = lazy
    return len(nested), len(lazy)


def not_numbers():
    nan = float("nan")
    found = {nan: 1, float("nan"): 2, 0.0: "zero", False: "no", 1: "one"}
    found[-0.0] = "minus"
    found[True] = found[1.0 + 0j] = "yes"
    found[nan] += 1
    found[float("nan")] = 4
    unique = {nan, nan, float("nan"), float("inf"), -float("inf")}
    unique.discard(nan)
    key = (nan, nan)
    found[key] = [nan, key]
    return str(found), len(unique), key in found, key == (float("nan"), nan)


def main():
    for action in (None, grows, clears, rehashes, replaces, swaps, raises):
        print(action and action.__name__, use(action), len(log), *log[-4:])
    print(of_classes(), not_numbers())


main()
