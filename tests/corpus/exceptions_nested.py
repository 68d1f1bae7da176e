"""Nested tries, re-raise, chaining, exceptions through several calls."""


class Problem(Exception):
    def __init__(self, code, detail):
        super().__init__(code, detail)
        self.code = code
        self.detail = [detail]


def lowest(n):
    if n == 0:
        raise Problem(7, "deep")
    return lowest(n - 1)


def reraise():
    try:
        lowest(2)
    except Problem as problem:
        problem.detail.append("seen")
        raise


def chain():
    try:
        reraise()
    except Problem as problem:
        raise ValueError("chained") from problem


def context():
    try:
        chain()
    except ValueError:
        {}["gone"]


def swallow():
    try:
        raise KeyError("outer")
    finally:
        try:
            raise ValueError("inner")
        except ValueError:
            swallowed = True


def main():
    try:
        context()
    except KeyError as error:
        causes = []
        here = error
        while here is not None:
            causes.append(type(here).__name__)
            here = here.__cause__ or here.__context__
        print(causes)
    try:
        swallow()
    except Exception as error:
        print(repr(error))
    try:
        try:
            1 / 0
        except TypeError:
            print("never")
        finally:
            print("cleanup")
    except ZeroDivisionError:
        print("caught outside")


if __name__ == "__main__":
    main()
