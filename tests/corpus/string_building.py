"""Strings built in loops, formatted, split and joined; a long one."""


def main():
    s = ""
    for i in range(6):
        s += chr(97 + i)
    alias = s
    s += "x" * 100
    t = f"{s[:3]!r:>8}|{len(s):05d}|{3.14159:.2f}"
    parts = []
    for piece in "a,b,,c".split(","):
        parts.append(piece or "empty")
    joined = "-".join(parts)
    big = ""
    for i in range(5):
        big += "0123456789" * 50
    unicode_text = "é" + "\u20ac" + "\U0001f600" + "\x00"
    lone = "\ud800"
    table = str.maketrans({"a": "A"})
    print(alias, t, joined.upper(), len(big), len(unicode_text), len(lone), "banana".translate(table))


if __name__ == "__main__":
    main()
