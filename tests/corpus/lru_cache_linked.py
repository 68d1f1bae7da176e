"""A cache as a dict and a doubly linked list: every use relinks nodes that refer to each other."""


class Link:
    __slots__ = ("key", "value", "before", "after")

    def __init__(self, key=None, value=None):
        self.key, self.value = key, value
        self.before = self.after = self


class Cache:
    def __init__(self, size):
        self.size, self.links, self.ring = size, {}, Link()
        self.hits = 0

    def unlink(self, link):
        link.before.after, link.after.before = link.after, link.before

    def to_front(self, link):
        link.before, link.after = self.ring, self.ring.after
        link.after.before = link
        self.ring.after = link

    def get(self, key):
        link = self.links.get(key)
        if link is None:
            return None
        self.hits += 1
        self.unlink(link)
        self.to_front(link)
        return link.value

    def put(self, key, value):
        if key in self.links:
            self.unlink(self.links[key])
        elif len(self.links) == self.size:
            oldest = self.ring.before
            self.unlink(oldest)
            del self.links[oldest.key]
        link = self.links[key] = Link(key, value)
        self.to_front(link)

    def keys(self):
        link = self.ring.after
        while link is not self.ring:
            yield link.key
            link = link.after


cache = Cache(2)
cache.put("a", 1)
cache.put("b", 2)
print(cache.get("a"), list(cache.keys()))
cache.put("c", 3)
cache.put("a", 10)
print(cache.get("b"), cache.get("a"), list(cache.keys()), cache.hits)
