"""Globals rebound by several functions, read by others, created late."""

counter = 0
log = []
state = {"mode": "start"}


def bump(by):
    global counter
    counter += by
    log.append(counter)


def watch():
    before = counter
    bump(1)
    middle = counter
    rebind()
    return before, middle, counter, log


def rebind():
    global log, late
    log = ["fresh"]
    late = counter
    state["mode"] = late


def read_late():
    try:
        return late
    except NameError:
        return "unset"


def main():
    print(read_late())
    for i in range(2):
        print(watch())
        seen = state["mode"]
    print(read_late(), seen, log)


if __name__ == "__main__":
    main()
