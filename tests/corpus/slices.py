"""Slice reads, stores and deletions on lists and bytearrays."""


def main():
    items = list(range(10))
    part = items[2:5]
    items[2:5] = ["a"]
    items[1:1] = [[], []]
    items[::3] = "wxyz"[: len(items[::3])]
    del items[-2:]
    del items[0]
    items[:0] = part
    copy = items[:]
    copy.reverse()
    buffer = bytearray(b"hello")
    buffer[1:3] = b"EEE"
    buffer[0] = 72
    del buffer[-1]
    buffer += b"!"
    s = slice(1, 4)
    text = "abcdef"[s] + "abcdef"[::-2]
    items[s] = ()
    print(items, copy, buffer, text)


if __name__ == "__main__":
    main()
