"""ChainMap, Counter, defaultdict and OrderedDict doing what each is for."""

from collections import ChainMap, Counter, OrderedDict, defaultdict


def scopes():
    base = {"x": 1, "y": 2}
    scope = ChainMap({}, base)
    inner = scope.new_child({"x": 10})
    inner["z"] = inner["x"] + inner["y"]
    scope["y"] = 20
    del inner["x"]
    return inner["x"], inner["y"], inner.maps, list(inner), base


def histogram(words):
    counts = Counter(words)
    counts.update("ab")
    counts.subtract({"a": 1, "z": 2})
    grown = +counts
    return counts.most_common(2), grown, counts & Counter(a=1, b=9), (counts | Counter("zz")).total()


def index(lines):
    places = defaultdict(lambda: defaultdict(list))
    for number, line in enumerate(lines):
        for word in line.split():
            places[word[0]][word].append(number)
    return {letter: dict(words) for letter, words in places.items()}, "q" in places


def recent(keys, size):
    cache = OrderedDict()
    for key in keys:
        cache[key] = cache.pop(key, 0) + 1
        if len(cache) > size:
            cache.popitem(last=False)
    cache.move_to_end(next(iter(cache)))
    return cache


print(scopes())
print(histogram("abracadabra"))
print(index(["red apple", "ripe red plum"]))
print(recent("abacabd", 3), OrderedDict(a=1, b=2) == OrderedDict(b=2, a=1))
