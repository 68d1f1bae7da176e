"""Context managers by class: nested, several in one statement, swallowing, failing exits."""


class Managed:
    def __init__(self, name, log, swallow=False):
        self.name, self.log, self.swallow = name, log, swallow

    def __enter__(self):
        self.log.append("+" + self.name)
        return self

    def __exit__(self, kind, value, traceback):
        self.log.append("-" + self.name + (kind.__name__ if kind else ""))
        return self.swallow


def main():
    log = []
    with Managed("a", log) as a:
        a.log.append("body")
    with Managed("b", log) as b, Managed("c", log):
        b.name = "renamed"
    with Managed("d", log, swallow=True):
        raise ValueError("swallowed")
    try:
        with (
            Managed("e", log),
            Managed("f", log),
        ):
            raise KeyError("through")
    except KeyError as error:
        log.append(error.args[0])
    for i in range(2):
        with Managed(str(i), log):
            if i == 0:
                continue
            break
    print(log)


if __name__ == "__main__":
    main()
