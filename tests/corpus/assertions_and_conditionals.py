"""assert, conditional expressions, chained comparisons, short circuits with side effects."""

log = []


def note(value, name):
    log.append(name)
    return value


def main():
    x = 5
    assert x > 3, "never"
    try:
        assert x == 4, f"x is {x}"
    except AssertionError as error:
        message = error.args[0] if error.args else None
    else:
        message = "asserts are off"
    a = note(0, "a") or note(2, "b") or note(3, "c")
    b = note(1, "d") and note([], "e") and note(1, "f")
    c = 1 < note(x, "g") < note(3, "h") < note(9, "i")
    d = "big" if x > 10 else "mid" if x > 4 else "small"
    e = not (x is None or x == 6)
    if a and not b:
        f = (
            note(1, "j")
            + note(2, "k")
        )
    elif c:
        f = None
    else:
        f = 0
    print(message is not None, a, b, c, d, e, f, log)


if __name__ == "__main__":
    main()
