"""Count the words of two chapters of a novel, and find a frequent word that has no letters.

One of the most frequent words is printed as nothing at all. Look for the call of `normalise` that
returns "" first: its argument says what the word was, and its caller on which line of the text.
The text is in the public domain: see `data/README.md`.
"""

import sys
from pathlib import Path

TEXT = Path(__file__).parent / "data" / "alice.txt"
PUNCTUATION = ".,;:!?'\"`()-*[]_"


def normalise(word: str) -> str:
    """The word as it is counted: in lower case, without the punctuation around it."""
    return word.lower().strip(PUNCTUATION)


def count_words(text: str) -> dict[str, int]:
    """How often each word occurs."""
    counts: dict[str, int] = {}
    for line in text.splitlines():
        for word in line.split():
            key = normalise(word)
            counts[key] = counts.get(key, 0) + 1
    return counts


def most_common(counts: dict[str, int], count: int) -> list[tuple[str, int]]:
    """The most frequent words, those of equal frequency in the order of the alphabet."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ranked[:count]


def main() -> None:
    """Print the most frequent words of the text, or of the file named on the command line."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else TEXT
    counts = count_words(path.read_text(encoding="utf-8"))
    print(f"{sum(counts.values())} words, {len(counts)} of them different")
    for word, occurrences in most_common(counts, 16):
        print(f"{occurrences:5} {word}")


main()
