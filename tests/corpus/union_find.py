"""Disjoint sets with path compression; Kruskal's tree and the number of islands."""


class DisjointSets:
    def __init__(self):
        self.parent, self.size = {}, {}

    def find(self, item):
        parent = self.parent.setdefault(item, item)
        if parent == item:
            self.size.setdefault(item, 1)
            return item
        root = self.parent[item] = self.find(parent)
        return root

    def union(self, a, b):
        a, b = self.find(a), self.find(b)
        if a == b:
            return False
        if self.size[a] < self.size[b]:
            a, b = b, a
        self.parent[b] = a
        self.size[a] += self.size.pop(b)
        return True


def spanning_tree(edges):
    sets = DisjointSets()
    return [(a, b) for cost, a, b in sorted(edges) if sets.union(a, b)], sets.size


def islands(rows):
    sets = DisjointSets()
    land = {(x, y) for y, row in enumerate(rows) for x, cell in enumerate(row) if cell == "#"}
    for x, y in sorted(land):
        sets.find((x, y))
        for other in ((x - 1, y), (x, y - 1)):
            if other in land:
                sets.union((x, y), other)
    return sorted(sets.size.values())


print(spanning_tree([(4, "a", "b"), (1, "b", "c"), (2, "a", "c"), (7, "c", "d")]))
print(islands(["##.", "..#", "#.#"]))
