"""Callbacks from C that change things: sorted keys, map, filter, reduce, max, re.sub."""

import functools
import re


def main():
    seen = []
    counts = {}

    def key(n):
        seen.append(n)
        counts[n % 2] = counts.get(n % 2, 0) + 1
        return -n

    ordered = sorted([3, 1, 2], key=key)
    largest = max(ordered, key=lambda n: seen.append("max") or n)
    kept = list(filter(lambda n: counts.setdefault(n, []) == [], [7, 8]))
    total = functools.reduce(lambda a, b: (seen.append((a, b)), a + b)[1], [1, 2, 3])
    words = []
    text = re.sub(r"\w+", lambda m: words.append(m.group()) or m.group()[::-1], "abc de")
    list(map(seen.append, range(2)))
    print(ordered, largest, kept, total, text, words, len(seen), counts)


if __name__ == "__main__":
    main()
