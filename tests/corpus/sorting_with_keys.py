"""Sorting: stable, by several keys, with keys that count, with objects, partially, and undone."""


class Card:
    ranks = "23456789TJQKA"

    def __init__(self, text):
        self.rank, self.suit = text[0], text[1]

    def __lt__(self, other):
        Card.n_compared = getattr(Card, "n_compared", 0) + 1
        return self.ranks.index(self.rank) < self.ranks.index(other.rank)

    def __repr__(self):
        return self.rank + self.suit


def by_length_then_word(words):
    words = sorted(words)
    words.sort(key=len, reverse=True)
    return words


def counted(items):
    calls = []

    def key(item):
        calls.append(item)
        return -item if item % 2 else item

    return sorted(items, key=key), calls


def order_of(items):
    return sorted(range(len(items)), key=items.__getitem__)


def undone(items, order):
    back = [None] * len(items)
    for place, origin in enumerate(order):
        back[origin] = items[place]
    return back


def failing(items):
    try:
        items.sort()
    except TypeError:
        return "mixed", len(items)


cards = [Card(text) for text in "KS 2H AD TS 2C".split()]
print(sorted(cards), min(cards), cards[0], Card.n_compared > 3)
print(by_length_then_word(["bb", "a", "ccc", "aa", "b"]), counted([3, 2, 5, 4]))
items = ["c", "a", "b"]
order = order_of(items)
print(order, undone(sorted(items), order), failing([1, "a", None]))
