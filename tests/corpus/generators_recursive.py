"""A generator for each node of a tree, and for each level of nested lists."""


class Node:
    def __init__(self, value, left=None, right=None):
        self.value, self.left, self.right = value, left, right

    def __iter__(self):
        if self.left:
            yield from self.left
        yield self.value
        if self.right:
            for value in self.right:
                yield value


def flatten(items, depth=0):
    for item in items:
        if isinstance(item, list):
            yield from flatten(item, depth + 1)
        else:
            yield depth, item


def hanoi(n, source="a", target="b", spare="c"):
    if n == 0:
        return 0
    before = yield from hanoi(n - 1, source, spare, target)
    yield source + target
    after = yield from hanoi(n - 1, spare, target, source)
    return before + 1 + after


tree = Node(4, Node(2, Node(1), Node(3)), Node(6, None, Node(7)))
print(list(tree))
print(list(flatten([1, [2, [3, []], 4], 5])))
moves = []
tower = hanoi(3)
while True:
    try:
        moves.append(next(tower))
    except StopIteration as stop:
        print(stop.value, moves)
        break
