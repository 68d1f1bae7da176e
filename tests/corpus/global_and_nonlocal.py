"""Names of outer scopes: declared, shadowed, deleted, in nested functions and class bodies."""

level = "module"
counts = {}


def bump(name, by=1):
    global level
    counts[name] = counts.get(name, 0) + by
    level = f"bumped {name}"


def outer():
    level = "outer"
    history = []

    def middle():
        nonlocal level
        history.append(level)

        def inner():
            nonlocal level
            level += "+inner"
            history.append(level)
            bump(level)

        inner()
        level = level.upper()

    middle()
    middle()
    return level, history


def removed():
    value = 1

    def remove():
        nonlocal value
        del value

    remove()
    try:
        return value
    except NameError as error:
        return type(error).__name__


def makes_global():
    global made, level
    made = [level]
    del level
    return made


class Scope:
    level = "class"

    def read(self):
        return level

    global created
    created = level


print(outer(), level, removed(), Scope().read(), created)
print(makes_global(), made, "level" in globals(), counts)
level = "again"
print(Scope().read())
