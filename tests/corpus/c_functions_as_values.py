"""C functions that change objects, reached as values: keys, callbacks, other names, operators."""

import contextvars
import functools
import itertools
import operator
import types


class Stack(list):
    push = list.append
    top = property(list.pop)


class Emptied(list):
    __bool__ = list.pop
    __enter__ = list.copy

    def __exit__(self, *details):
        self.append(0)


def keys():
    rows = [[3, 1], [2, 5], [9, 0, 7]]
    ordered = sorted(rows, key=list.pop)
    greatest = max(rows, key=list.pop)
    groups = itertools.groupby([[1, 2], [2, 1]], key=list.pop)
    kept = [[5, 6], [7, 8]]
    found = list(itertools.takewhile(list.pop, kept))
    options = {"key": list.pop}
    rest = sorted(kept, **options)
    return ordered, greatest, [key for key, _ in groups], found, rest


def handed_over():
    items = [1]
    operator.call(list.append, items, 2)
    contextvars.copy_context().run(list.append, items, 3)
    total = list(itertools.accumulate([items, [4], [5]], operator.iadd))
    reduced = functools.reduce(operator.iadd, [[6], [7]], items)
    method = types.MethodType(list.append, items)
    done = list(map(method, [8, 9]))
    done = sorted([3], key=method)
    return len(total), len(reduced), done


def renamed():
    stack = Stack([1, 2])
    alias = stack
    stack.push(3)
    top = alias.top
    emptied = Emptied([False, True])
    if emptied:
        top = -top
    with emptied as copy:
        copy.append(5)
    return stack, top, emptied, copy


def modules_in_locals(numbers):
    import heapq
    import operator as ops

    heapq.heappush(numbers, 1)
    smallest = numbers[0]
    ops.setitem(numbers, 0, 7)
    smallest = numbers[0]
    kind = list
    kind.append(numbers, 2)
    return smallest


print(keys())
print(handed_over())
print(renamed())
print(modules_in_locals([4, 6]))
