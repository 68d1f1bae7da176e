"""del of names, items, attributes, slices, globals."""

TEMPORARY = [1, 2]
KEPT = {"a": 1}


class Thing:
    pass


def drop():
    global TEMPORARY
    size = len(TEMPORARY)
    del TEMPORARY
    try:
        TEMPORARY
    except NameError:
        size = -size
    TEMPORARY = "back"
    return size


def main():
    x, y = [1, 2, 3], {"k": 1, "l": 2}
    z = x
    del x[0], y["k"]
    del x
    thing = Thing()
    thing.a, thing.b = 1, z
    del thing.a
    z.append(thing)
    for i in range(2):
        temporary = i
        del temporary
    try:
        temporary
    except UnboundLocalError as error:
        name = error.name
    del z[0:1], KEPT["a"]
    x = drop()
    print(x, y, z[0], name, KEPT, TEMPORARY)


if __name__ == "__main__":
    main()
