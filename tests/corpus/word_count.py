"""Word counts over a text with a dict, then sorted and grouped."""

TEXT = """the quick brown fox jumps over the lazy dog the fox"""


def count(words):
    counts = {}
    for word in words:
        if word in counts:
            counts[word] += 1
        else:
            counts[word] = 1
    return counts


def main():
    counts = count(TEXT.split())
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    by_count = {}
    for word, n in ranked:
        by_count.setdefault(n, set()).add(word)
    print(ranked[:3], {n: len(words) for n, words in by_count.items()})


if __name__ == "__main__":
    main()
