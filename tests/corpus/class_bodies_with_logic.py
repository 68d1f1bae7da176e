"""Class bodies that loop, branch, catch, import, define conditionally and are made in functions."""

DEBUG = True


class Config:
    import math as _math

    values = {}
    for index, key in enumerate(("low", "mid", "high")):
        values[key] = index * 10
        if index == 1:
            continue
    else:
        values["end"] = index
    try:
        limit = values["missing"]
    except KeyError as error:
        limit = len(error.args)
    finally:
        del index, key
    if DEBUG:

        def check(self):
            return self.limit < 5

    else:

        def check(self):
            return False

    with open("/dev/null") as _file:
        text = _file.read()
    del _file
    circle = round(_math.pi, 2)
    match values:
        case {"mid": int(mid)}:
            pass
    DEBUG = "class"


def make_class(name, size, *bases):
    class Made(*bases):
        nonlocal size
        size += 1
        width = size
        label = f"{name}{size}"

        def grow(self):
            nonlocal size
            size *= 2
            return size, __class__.label

    return Made, size


print(Config.values, Config.limit, Config().check(), Config.circle, Config.mid, Config.DEBUG)
Made, size = make_class("box", 1)
Derived, _ = make_class("sub", 5, Made)
print(size, Made().grow(), Made().grow(), Derived().grow(), Derived.width)
