"""heapq and bisect: merging, the k largest, a running median, a schedule, sorted insertion."""

import bisect
import heapq


def running_median(values):
    low, high, medians = [], [], []
    for value in values:
        heapq.heappush(high, -heapq.heappushpop(low, -value))
        if len(high) > len(low):
            heapq.heappush(low, -heapq.heappop(high))
        medians.append(-low[0])
    return medians


def schedule(tasks):
    heap = [(start, name, length) for name, start, length in tasks]
    heapq.heapify(heap)
    now, order = 0, []
    while heap:
        start, name, length = heapq.heappop(heap)
        now = max(now, start) + length
        order.append((name, now))
        if length > 2:
            heapq.heappush(heap, (now, name + "'", length - 2))
    return order


class SortedList:
    def __init__(self, key):
        self.key, self.items = key, []

    def add(self, item):
        bisect.insort(self.items, item, key=self.key)

    def below(self, limit):
        return self.items[: bisect.bisect_left(self.items, limit, key=self.key)]


words = SortedList(len)
for word in "three a bb four bbb".split():
    words.add(word)
print(running_median([5, 2, 8, 1, 9]), schedule([("a", 0, 3), ("b", 1, 1), ("c", 9, 1)]))
print(words.items, words.below(3), heapq.nlargest(2, [4, 9, 2], key=lambda n: -n))
print(list(heapq.merge([1, 4], [2, 3], [0])), [bisect.bisect([10, 20, 30], n) for n in (5, 20, 99)])
