"""Grouping with setdefault, defaultdict and Counter."""

from collections import Counter, OrderedDict, defaultdict


def main():
    words = "the cat the dog a cat the".split()
    by_length = {}
    for word in words:
        by_length.setdefault(len(word), []).append(word)
    positions = defaultdict(list)
    for i, word in enumerate(words):
        positions[word].append(i)
    nested = defaultdict(lambda: defaultdict(int))
    for a, b in zip(words, words[1:]):
        nested[a][b] += 1
    counts = Counter(words)
    counts["cat"] += 5
    counts.update("ab")
    ordered = OrderedDict(sorted(counts.items()))
    ordered["last"] = positions.pop("a")
    print(by_length, dict(positions), nested["the"]["cat"], counts.most_common(2), len(ordered))


if __name__ == "__main__":
    main()
