"""A C method takes items from a generator: the generator's states come before the method is over."""

import builtins
from collections import deque

scope = {}
exec(compile("def same(x):\n    return x\n", "unrecorded", "exec"), scope)
same = scope["same"]


class Shelf:
    def __init__(self):
        self.boxes = []
        self.names = {}
        self.queue = deque()

    def fill(self, *counts):
        same(self).boxes.extend([count] for count in counts)
        same(self).names.update((str(count), [count]) for count in counts)
        same(self).queue.extend([count] for count in counts)

    def reorder(self):
        same(self).boxes.sort(key=lambda box: same(-box[0]))
        same(self).boxes[1:] = ([box[0] + 1] for box in self.boxes)


shelf = Shelf()
shelf.fill(3, 1, 2)
shelf.fill(5)
shelf.reorder()
seen = set()
same(seen).update(box[0] for box in shelf.boxes)
made = builtins.list(map(same, [[n] for n in same(range(3))]))
same(made).extend([n] for n in seen)
print(shelf.boxes, shelf.names, list(shelf.queue), sorted(seen), made)
