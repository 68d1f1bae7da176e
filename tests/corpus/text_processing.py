"""Text the way scripts do it: wrapping, justifying, columns, Caesar, run lengths, palindromes."""

import string
import textwrap
from collections import Counter

TEXT = "the quick brown fox jumps over the lazy dog"


def justify(words, width):
    lines, line = [], []
    for word in words + [None]:
        if word is not None and sum(map(len, line)) + len(line) + len(word) <= width:
            line.append(word)
            continue
        gaps = max(len(line) - 1, 1)
        spaces, extra = divmod(width - sum(map(len, line)), gaps)
        text = ""
        for i, part in enumerate(line):
            text += part
            if i < len(line) - 1:
                text += " " * (spaces + (i < extra))
        lines.append(text if word is not None else " ".join(line))
        line = [word]
    return lines


def caesar(text, by):
    lower = string.ascii_lowercase
    return text.translate(str.maketrans(lower, lower[by:] + lower[:by]))


def columns(rows):
    widths = [max(map(len, column)) for column in zip(*rows)]
    return [" ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]


def squeeze(text):
    out, last, count = [], None, 0
    for letter in text + "\0":
        if letter == last:
            count += 1
            continue
        if last is not None:
            out.append(last + (str(count) if count > 1 else ""))
        last, count = letter, 1
    return "".join(out)


print(*justify(TEXT.split(), 16), sep="\n")
print(caesar(TEXT, 3)[:9], caesar(caesar("abc", 5), 21), squeeze("aabccc"))
print(columns([("a", "bb"), ("ccc", "d")]), Counter(TEXT).most_common(2), textwrap.shorten(TEXT, 15))
print(TEXT.title().swapcase()[:9], TEXT.partition(" fox ")[2], "-".join(TEXT.split(" ", 2)[:2]))
