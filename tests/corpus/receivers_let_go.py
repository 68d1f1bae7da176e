"""Methods written in C whose object dies with the call, or is let go by it."""

import gc


def popped():
    methods = [[].append, {}.update]
    methods.pop()({"a": [1]})
    methods.pop()([6])
    return methods


def let_go(held):
    held.clear()
    nested = [[[]]]
    nested.pop()[0].append(nested)
    nested.append([1])
    gc.collect()
    return nested


def passed_on():
    queue = [[n] for n in range(4)]
    kept = queue[2]
    queue.pop().extend(queue.pop())
    queue.pop(0).append(kept)
    return queue, kept


class Box:
    def __init__(self):
        self.items = [[1]]

    def empty(self):
        self.items.pop().append(self)
        self.items, old = [], self.items
        old.append(self.items.append(2))
        del old
        return self.items


print(popped(), let_go([[1], {2}]), passed_on(), Box().empty())
