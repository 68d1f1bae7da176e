"""Code that no compiler makes: hundreds of arguments, thousands of locals, lines that lie."""
# says: it has no value apart

import random
import sys


def made(text, filename=__file__, **replaced):
    """The function `f` of the text, with parts of its code replaced."""
    names = {}
    exec(compile(text, filename, "exec"), names)
    names["f"].__code__ = names["f"].__code__.replace(**replaced)
    return names["f"]


def arguments(n):
    names = [f"a{i}" for i in range(n)]
    plain = made(f"def f({', '.join(names)}):\n    total = [a0, a{n - 1}]\n    return total\n")
    options = made(f"def f(*, {'=[1], '.join(names)}):\n    a0 = a1\n    return len(locals())\n")
    starred = made("def f(*items, **options):\n    items += (1,)\n    return len(items), options\n")
    return plain(*range(n)), options(**dict.fromkeys(names)), starred(*range(n), **{"": 1})


def many_locals(n):
    lines = "".join(f"    v{i} = {i}" + ("\n" if i % 500 == 499 else ";") for i in range(n))
    lines = lines.replace(";    ", ";")
    return made(f"def f():\n{lines}    return len(locals())\n")()


def many_cells(n):
    lines = "".join(f"    v{i} = [{i}]\n" for i in range(n))
    names = ", ".join(f"v{i}" for i in range(n))
    text = f"def f():\n{lines}    def g():\n        return [{names}]\n    return len(g())\n"
    return made(text)()


def long_lines(n):
    name = "n" * n
    text = f"def f():\n    {name} = [{'0, ' * (n // 3)}1]\n    x = '{'y' * n}'\n"
    return made(f"{text}    return len({name}), len(x)\n")()


BODY = """def f(n):
    x = [n]
    for i in range(3):
        x.append(i)
        try:
            x[i + 10]
        except IndexError as error:
            x.append(error.__traceback__.tb_lineno)
    return x
"""


def lines_that_lie():
    """A location table may say anything, or end before the code does."""
    rng = random.Random(1)
    tables = [b"", b"\0", b"\x80", b"\xff" * 100, b"\xf8" * 100, b"\xe8\x40" * 100]
    tables += [b"\xf0\x7f\x7f\x7f\x7f\x7f\x7f\x7f", b"\xd8\x3f" * 50, b"\xe9\x7f\x7f\x7f\x03" * 40]
    tables += [rng.randbytes(n) for n in range(1, 120)]
    tables += [bytes(rng.choice((0xE8, 0xE9, 0x41, 0)) for _ in range(80)) for _ in range(50)]
    results = set()
    for table in tables:
        results.add(str(made(BODY, co_linetable=table)(1)))
    return sorted(results)


def first_lines():
    results = []
    for first in (0, 1, -1, 2**31 - 1, 2**31 - 5, -(2**31)):
        try:
            f = made(BODY, co_firstlineno=first)
        except (ValueError, OverflowError) as error:
            results.append(str(error))
        else:
            results.append(f(first))
    return results


def names():
    results = []
    for name in ("\0", "a\nb", "\ud800", "", "\U0001f40d" * 300, "a" * 100_000):
        f = made(BODY, co_name=name, co_qualname=name + ".q", co_varnames=("n\0", name, "\n", "\n"))
        results.append((len(f.__code__.co_name), f(2)))
        results.append(made(BODY, filename=f"/no{name[:50]}/x.py".replace("\0", "0"))(3)[:1])
        f = made(BODY, co_filename=name, co_consts=(name, *f.__code__.co_consts[1:]))
        results.append(f(4))
    return results


def main():
    print(arguments(300))
    print(many_locals(10_000), many_cells(300), long_lines(100_000))
    print(*lines_that_lie(), sep="\n")
    print(*first_lines(), sep="\n")
    print(*names(), sep="\n")
    print(sys.getrecursionlimit())


main()
