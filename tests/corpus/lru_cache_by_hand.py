"""A cache with a doubly linked list and a dict: heavy re-linking of cyclic objects."""


class Link:
    def __init__(self, key=None, value=None):
        self.key, self.value = key, value
        self.before = self.after = self


class Cache:
    def __init__(self, size):
        self.size, self.links, self.root = size, {}, Link()

    def unlink(self, link):
        link.before.after, link.after.before = link.after, link.before

    def to_front(self, link):
        first = self.root.after
        link.before, link.after = self.root, first
        first.before = self.root.after = link

    def get(self, key):
        link = self.links.get(key)
        if link is None:
            return None
        self.unlink(link)
        self.to_front(link)
        return link.value

    def put(self, key, value):
        if len(self.links) == self.size:
            oldest = self.root.before
            self.unlink(oldest)
            del self.links[oldest.key]
        link = self.links[key] = Link(key, value)
        self.to_front(link)


def main():
    cache = Cache(2)
    cache.put("a", 1)
    cache.put("b", 2)
    hit = cache.get("a")
    cache.put("c", 3)
    print(hit, cache.get("b"), sorted(cache.links))


if __name__ == "__main__":
    main()
