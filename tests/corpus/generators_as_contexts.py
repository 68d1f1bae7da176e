"""contextmanager, contextdecorator and closing: generators that enter and leave a with statement."""

from contextlib import ContextDecorator, closing, contextmanager, suppress


@contextmanager
def indented(lines, by=1):
    lines.append(("open", by))
    try:
        yield lines
    except LookupError as error:
        lines.append(type(error).__name__)
    else:
        lines.append("fine")
    finally:
        lines.append(("close", by))


class Traced(ContextDecorator):
    depth = 0

    def __enter__(self):
        Traced.depth += 1
        return self

    def __exit__(self, *details):
        Traced.depth -= 1


@Traced()
def measured(n):
    return [Traced.depth] + (measured(n - 1) if n else [])


@contextmanager
def attribute_set(thing, name, value):
    before = getattr(thing, name)
    setattr(thing, name, value)
    yield before
    setattr(thing, name, before)


def ticks(log):
    try:
        yield from range(3)
    finally:
        log.append("ticks closed")


lines = []
with indented(lines), indented(lines, by=2) as inner:
    inner.append("body")
with indented(lines):
    {}["missing"]
with suppress(ZeroDivisionError), attribute_set(Traced, "depth", 10) as before:
    lines.append((Traced.depth, before))
with closing(ticks(lines)) as running:
    next(running)
print(lines, Traced.depth, measured(2))
