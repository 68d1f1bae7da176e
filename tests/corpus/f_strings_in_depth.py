"""f-strings: nested, with formats from values, conversions, debug output, quotes and lines."""

from datetime import date


class Temperature:
    def __init__(self, degrees):
        self.degrees = degrees

    def __format__(self, spec):
        unit = spec[-1:] or "C"
        value = self.degrees if unit == "C" else self.degrees * 1.8 + 32
        return f"{value:{spec[:-1] or '.1f'}}{unit}"

    def __repr__(self):
        return f"<{self.degrees!r}>"


def table(rows, widths):
    lines = []
    for row in rows:
        cells = [f"{cell:>{width}}" if isinstance(cell, int) else f"{cell:<{width}.{width}}" for cell, width in zip(row, widths)]
        lines.append(f"|{'|'.join(cells)}|")
    return lines


def nested(name, items):
    return f"{name.upper()}: {', '.join(f'{i}={f"{item!r:^5}"}' for i, item in enumerate(items))}"


def multiline(total, names):
    return f"""total {
        total
        * 2
    } of {len(names)} {"name" if len(names) == 1 else f"{'names'}"}
    {names[0]!s:*^7}"""


t, width, x = Temperature(21.5), 8, 3
print(f"{t} {t:F} {t:.0fC} {t!r:>{width}}", f"{x = }", f"{x+1=:03d}", f"{{{x}}}")
print(*table([["apple", 5], ["kiwi", 12]], (3, 4)), sep="\n")
print(nested("list", [1, "a"]), multiline(2, ["ann"]), f"{date(2024, 5, 1):%d/%m}")
print(f"{(lambda n: n * 2)(x)}", f"{x if x > 2 else 'small'}", rf"\d{x}", f"{1_000_000:,} {0.5:%} {255:#x}")
