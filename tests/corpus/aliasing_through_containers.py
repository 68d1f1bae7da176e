"""One object under many names: in lists, dicts, attributes, closures, defaults and iterators."""


class Box:
    shared = []

    def __init__(self, content=None):
        self.content = content if content is not None else self.shared


def default(item, seen=[]):
    seen.append(item)
    return seen


def rows(width, height):
    wrong = [[0] * width] * height
    right = [[0] * width for _ in range(height)]
    wrong[0][0] = right[0][0] = 1
    return wrong, right


def web():
    core = {"n": 0}
    by_list, by_dict, by_box = [core, core], {"core": core}, Box(core)

    def by_closure():
        core["n"] += 1
        return core

    waiting = iter([core])
    by_list[0]["n"] += 1
    by_dict["core"]["n"] += 1
    by_box.content["n"] += 1
    by_closure()["self"] = by_closure
    next(waiting)["n"] += 1
    core = {"n": -1}
    by_list[1] = core
    return by_list, by_closure() is core, by_box.content["n"]


def parts():
    inner = [1]
    pair = (inner, [inner])
    slice_, copy = pair[1][:], pair[1].copy()
    slice_[0].append(2)
    copy.append(3)
    inner += pair[1]
    return pair, len(slice_), copy[1]


first, second = Box(), Box()
first.content.append("both")
Box.shared = ["new"]
print(second.content, Box().content, default(1) is default(2), default.__defaults__)
print(rows(2, 2), web()[1:], len(parts()[0][0]))
