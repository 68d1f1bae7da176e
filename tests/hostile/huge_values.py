"""Values of gigabytes in scope of recorded lines."""
# says: larger than the size limit


def main():
    data = bytes(2 << 30)
    n = len(data)
    view = memoryview(data)[:10]
    part = data[:5]
    del view
    text = "x" * 300_000_000
    text += "y"
    data = None
    items = [None] * 50_000_000
    items[7] = "seven"
    items.append(1)
    number = 1 << 80_000_000
    number += 1
    return n, part, len(text), len(items), number.bit_length()


print(main())
