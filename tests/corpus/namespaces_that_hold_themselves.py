"""Dicts that are values of their own: class bodies that keep locals(), registries, linked scopes."""


class Body:
    first = 1
    names = locals()
    second = [first, names]
    names["third"] = len(second)
    del first


class Wrapped:
    held = [locals()]
    held[0]["added"] = "by hand"
    later = added


def registry():
    known = {}
    known["known"] = known
    known["list"] = [known]
    known["n"] = len(known)
    del known["known"]
    return known["list"][0]["n"]


def linked():
    outer = {"name": "outer"}
    inner = dict(name="inner", up=outer)
    outer.update(down=inner, self=outer)
    inner["up"]["name"] += "!"
    return outer["self"]["down"]["up"] is outer


def module_like():
    space = {}
    exec("a = 1\nspace['again'] = space\nb = space", {"space": space}, space)
    return sorted(space), space["b"]["again"]["a"]


print(Body.third, Body.names is not Body.__dict__, Wrapped.later)
print(registry(), linked(), module_like())
