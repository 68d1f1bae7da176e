"""What finally, else, break, continue and return make of each other in nested blocks."""


def returns_twice(log):
    try:
        return "try"
    finally:
        log.append("finally")
        return "finally"


def value_before_finally():
    items = [1]
    try:
        return items
    finally:
        items.append(2)
        items = "rebound"


def swallowed():
    for i in range(3):
        try:
            raise ValueError(i)
        finally:
            if i < 2:
                continue
            break
    return i


def nested(log, what):
    try:
        try:
            if what == "raise":
                raise KeyError(what)
            elif what == "return":
                return "returned"
            log.append("plain")
        except KeyError as error:
            log.append(error.args)
            raise IndexError from error
        else:
            log.append("else")
        finally:
            log.append(f"inner {what}")
    except IndexError as error:
        log.append(type(error.__cause__).__name__)
    finally:
        log.append("outer")
    return "end"


def loop_else(limit):
    for n in range(5):
        try:
            if n == limit:
                break
        finally:
            seen = n
    else:
        return "exhausted", seen
    return "broken", seen


log = []
print(returns_twice(log), value_before_finally(), swallowed())
print([nested(log, what) for what in ("raise", "return", "go")])
print(log, loop_else(2), loop_else(9))
