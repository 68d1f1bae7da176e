"""Containers written against collections.abc: what is defined, and what comes for free."""

from collections.abc import MutableMapping, MutableSequence, Set


class CaseInsensitive(MutableMapping):
    def __init__(self, *args, **options):
        self.store = {}
        self.update(*args, **options)

    def __getitem__(self, key):
        return self.store[key.lower()][1]

    def __setitem__(self, key, value):
        self.store[key.lower()] = key, value

    def __delitem__(self, key):
        del self.store[key.lower()]

    def __iter__(self):
        return (key for key, _ in self.store.values())

    def __len__(self):
        return len(self.store)


class Limited(MutableSequence):
    def __init__(self, limit):
        self.limit, self.items = limit, []

    def __getitem__(self, at):
        return self.items[at]

    def __setitem__(self, at, item):
        self.items[at] = item

    def __delitem__(self, at):
        del self.items[at]

    def __len__(self):
        return len(self.items)

    def insert(self, at, item):
        self.items.insert(at, item)
        del self.items[: -self.limit]


class Bits(Set):
    def __init__(self, items=()):
        self.mask = sum({1 << item for item in items})

    def __contains__(self, item):
        return self.mask >> item & 1

    def __iter__(self):
        return (i for i in range(self.mask.bit_length()) if i in self)

    def __len__(self):
        return self.mask.bit_count()


headers = CaseInsensitive({"Accept": 1}, Host=2)
headers["ACCEPT"] = headers.pop("host") + headers.setdefault("accept", 9)
recent = Limited(2)
recent.extend("abc")
recent += ["d"]
recent.reverse()
print(dict(headers), "aCCept" in headers, recent.items, recent.pop(), recent.index("d"))
print(sorted(Bits([1, 3]) | Bits([0])), Bits([1]) <= {1, 2}, list(Bits([1, 2]) - Bits([2])), Bits([5]).isdisjoint([4]))
