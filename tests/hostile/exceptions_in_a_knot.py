"""Exceptions whose context, cause and traceback are cycles, and whose methods and parts lie."""
# says at function: it has no value apart

import sys
import traceback


class Unspeakable(Exception):
    def __str__(self):
        raise self

    __repr__ = __str__

    @property
    def args(self):
        raise RuntimeError("args")

    @property
    def __cause__(self):
        raise RuntimeError("cause")

    @property
    def __traceback__(self):
        return "no traceback"


class Refuses(Exception):
    def __new__(cls, *arguments):
        return ValueError("another kind")

    def with_traceback(self, found):
        raise RuntimeError("traced")


def knot():
    first, second = ValueError("first"), KeyError("second")
    first.__context__, second.__context__ = second, first
    first.__cause__ = first
    first.args = (first, [second])
    try:
        raise first
    except ValueError as error:
        error.held = sys.exception()
        try:
            raise second
        except KeyError as inner:
            return [type(one).__name__ for one in (inner.__context__, error.__context__)]


def loop_of_tracebacks():
    try:
        raise OSError(2, "none", "file")
    except OSError as error:
        found = error.__traceback__
        try:
            found.tb_next = found
        except ValueError as refused:
            return str(refused), error.filename, error.errno


def groups():
    inner = ExceptionGroup("inner", [ValueError(1), TypeError(2)])
    outer = ExceptionGroup("outer", [inner, OSError(3)])
    caught = []
    try:
        raise outer
    except* ValueError as found:
        found.exceptions[0].exceptions[0].seen = found
        caught.append(str(found))
    except* (TypeError, OSError) as found:
        caught.append(len(found.exceptions))
    return caught


def speaks_badly():
    try:
        raise Unspeakable(1, 2)
    except Unspeakable as error:
        error.note = [error]
        error.__notes__ = 7
        return type(error).__name__, Exception.__repr__(ValueError(error.note is None))


def other_kind():
    try:
        raise Refuses
    except TypeError as error:
        return str(error)
    except ValueError as error:
        return str(error)


def not_exceptions():
    caught = []
    for thing in (1, "text", int, None):
        try:
            raise thing
        except TypeError as error:
            caught.append(str(error))
    try:
        try:
            raise ValueError
        except 7:
            pass
    except TypeError as error:
        caught.append(str(error))
    return caught


def main():
    print(knot(), loop_of_tracebacks(), groups(), speaks_badly(), other_kind(), not_exceptions())
    error = ValueError("deep")
    for n in range(3000):
        above = ValueError(n)
        above.__context__ = error
        error = above
    return len(traceback.format_exception_only(error))


print(main())
