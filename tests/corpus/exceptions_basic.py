"""Raise, except as, else, finally, in several orders."""


def divide(a, b):
    log = []
    try:
        log.append("try")
        result = a / b
    except ZeroDivisionError as error:
        log.append(type(error).__name__)
        result = None
    else:
        log.append("else")
    finally:
        log.append("finally")
    return result, log


def return_in_finally():
    try:
        return "try"
    finally:
        print("finally")


def override():
    for i in range(3):
        try:
            if i == 1:
                raise KeyError(i)
        except KeyError:
            continue
        finally:
            last = i
    return last


def uncaught(x):
    y = x + 1
    raise RuntimeError("no", y)


def main():
    print(divide(1, 2), divide(1, 0), return_in_finally(), override())
    try:
        uncaught(1)
    except (KeyError, RuntimeError) as problem:
        print(problem.args)


if __name__ == "__main__":
    main()
