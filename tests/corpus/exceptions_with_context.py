"""Exceptions that carry others, notes, and what C code puts in them."""


class Failure(Exception):
    def __init__(self, message, *, code):
        super().__init__(message)
        self.code = code


def read(settings, name):
    try:
        return settings[name]
    except KeyError as error:
        raise Failure(f"no {name}", code=3) from error


def load(settings):
    try:
        return read(settings, "path")
    except Failure as failure:
        failure.add_note("while loading")
        try:
            return open("/nonexistent/file")
        except OSError as error:
            error.failure = failure
            return error


error = load({})
chain = [error.errno, error.filename, error.failure.code, type(error.failure.__cause__)]
try:
    raise ExceptionGroup("two", [ValueError(1), Failure("x", code=4)])
except* ValueError as group:
    first = group.exceptions[0]
except* Failure as group:
    second = group.exceptions[0]
try:
    "ä".encode("ascii")
except UnicodeError as broken:
    span = (broken.start, broken.end, broken.object)
    kept = broken
try:
    raise first from None
except ValueError as again:
    hidden = again
try:
    next(iter(()))
except StopIteration as stop:
    stopped = stop
print(chain, span, first.args, second.code, hidden.__suppress_context__, stopped.value)
