"""Ints of a million digits under the limit for digits, and text that no encoding takes."""
# says: larger than the size limit

import sys


def digits():
    results = []
    kept = sys.get_int_max_str_digits()
    big = 10**1_000_000
    try:
        str(big)
    except ValueError as error:
        results.append(str(error)[:30])
    sys.set_int_max_str_digits(640)
    less = big // 10**999_000
    held = {less: [less, -big], -less: {less, -less}}
    held[less].append(big + 1)
    try:
        results.append(len(str(less)))
    except ValueError as error:
        results.append(str(error)[:30])
    sys.set_int_max_str_digits(0)
    text = str(less)
    results.append((len(text), len(repr(held))))
    sys.set_int_max_str_digits(kept)
    big += 1
    flag = bool(big & 1)
    return results, flag, big.bit_length(), sys.get_int_max_str_digits()


def edges():
    numbers = [2**n + d for n in (0, 15, 29, 30, 31, 59, 60, 61, 63, 64, 90) for d in (-1, 0, 1)]
    numbers += [-n for n in numbers]
    floats = [0.0, -0.0, 5e-324, 1.7976931348623157e308, float("inf"), -float("nan")]
    total = sum(numbers)
    numbers.extend(floats)
    return total, len(numbers), str(numbers[-6:])


def texts():
    lone = "\ud800"
    pair = lone + "\udc00"
    wide = "\U0010ffff" * 3
    items = [lone, pair, wide, "\0", "a\0b", "\xff", "\u0100", "\ufeff", "\u202e"]
    named = {text: len(text) for text in items}
    named["\udfff"] = lone
    globals()["\ud801"] = pair
    values = vars(Holder)
    holder = Holder()
    setattr(holder, "\ud802\0\n", wide)
    setattr(Holder, lone, lone)
    joined = "".join(items)
    joined += "x" * 1_000_000 + wide
    mixed = joined.encode("utf-8", "surrogatepass")
    try:
        joined.encode()
    except UnicodeEncodeError as error:
        named["error"] = error.start
    exec(f"name_{'é' * 300} = {lone!r}", globals())
    interned = sys.intern("é" * 10)
    del globals()["\ud801"]
    return ascii(named)[-200:], len(joined), len(mixed), interned, lone in values


class Holder:
    pass


class Named(Exception):
    pass


def raises():
    Named.__qualname__ = "\ud800 \U0001f40d"
    Named.__module__ = "\udfff"
    try:
        raise Named("\ud800", "\0", "\U0001f40d" * 2)
    except Named as error:
        error.add_note("\ud800")
        return ascii(error.args), ascii(error.__notes__)


print(digits())
print(edges())
print(*texts())
print(raises())
