"""C code that changes objects: sort, heapq, bisect, update, shuffle, map with a bound method."""

import bisect
import heapq
import random
from collections import deque
from operator import setitem


def main():
    items = [5, 3, 8, 1]
    alias = items
    items.sort()
    heapq.heappush(items, 0)
    smallest = heapq.heappop(items)
    bisect.insort(items, 4)
    random.Random(7).shuffle(items)
    heapq.heapify(items)
    heapq.heapreplace(items, 9)
    list(map(items.append, [10, 11]))
    items.extend(x for x in (1, 2))
    items.insert(0, "in")
    items.remove(9)
    items.pop(0)
    table = {}
    table.update(a=1, b=[2])
    table.update([("c", 3)])
    dict.update(table, {"d": 4})
    table.pop("a")
    table.setdefault("b", None).append("in b")
    table.popitem()
    setattr_target = type("T", (), {})()
    setattr(setattr_target, "field", table)
    setitem(table, "e", 5)
    list.append(items, "unbound")
    queue = deque([1, 2], maxlen=3)
    queue.extend([3, 4])
    queue.rotate(1)
    queue.appendleft(0)
    names = set()
    names.update("ab", ["c"])
    names.discard("a")
    names.symmetric_difference_update({"c", "d"})
    print(alias is items, items, smallest, table, setattr_target.field is table, queue, sorted(names))


if __name__ == "__main__":
    main()
