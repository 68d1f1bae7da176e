"""Context managers written as generators, and suppress."""

import contextlib


@contextlib.contextmanager
def indented(lines):
    lines.append("{")
    try:
        yield lines
    except LookupError as error:
        lines.append(type(error).__name__)
    finally:
        lines.append("}")


def main():
    lines = []
    with indented(lines) as inner:
        inner.append("a")
        with indented(inner) as deeper:
            deeper.append("b")
    with indented(lines):
        [][0]
    with contextlib.suppress(ZeroDivisionError):
        1 / 0
    print(lines)


if __name__ == "__main__":
    main()
