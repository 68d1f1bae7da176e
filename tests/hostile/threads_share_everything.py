"""Threads that switch at each chance change the same containers, objects, cells and globals."""
# says: it has no value apart

import sys
import threading
from collections import Counter, OrderedDict, defaultdict, deque

N_THREADS, N = 8, 60


class Shared:
    __slots__ = ("__dict__", "slot")
    of_class = []


shared = Shared()
shared.slot = []
items, table, unique, ends = [], {}, set(), deque(maxlen=50)
lists, ordered, counts = defaultdict(list), OrderedDict(), Counter()
data = bytearray()
total = 0


def appends(me):
    for i in range(N):
        items.append([me, i])
        items[-1].append(me)
        data.append(me)
        ends.append((me, i))
        del items[0]


def binds(me):
    global total
    for i in range(N):
        table[me, i] = [i]
        table.setdefault("all", []).append(me)
        setattr(shared, f"a{me}_{i}", i)
        shared.slot = [me]
        Shared.of_class.append(me)
        delattr(shared, f"a{me}_{i}")
        globals()[f"name_{me}"] = i
        total = total + 1


def collects(me):
    for i in range(N):
        unique.add((me, i))
        lists[i].append(me)
        ordered[me] = i
        ordered.move_to_end(me)
        unique.discard((me, i - 1))


def clears(me):
    for i in range(N):
        mine = list(items)
        mine.sort(key=len)
        lists[-1].clear()
        lists[-1].extend(mine[:3])
        ends.rotate(i)
        counts[me] += len(mine[:1])


def enclosing():
    value, held = 0, []

    def inner(me):
        nonlocal value, held
        for i in range(N):
            value = i
            held = [*held[-3:], me]
            held.append(value)

    return inner, lambda: (value, len(held))


def main():
    inner, seen = enclosing()
    kept = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    works = (appends, binds, collects, clears, inner)
    items.extend([n] for n in range(N_THREADS))
    for work in works + works[::-1]:
        threads = [threading.Thread(target=work, args=(n,)) for n in range(N_THREADS)]
        others = [threading.Thread(target=other, args=(n,)) for n, other in enumerate(works, 100)]
        for thread in (*threads, *others):
            thread.start()
        for thread in (*threads, *others):
            thread.join()
    sys.setswitchinterval(kept)
    print(len(items), len(table), len(unique), sorted(ordered), len(ends), len(data))
    print(sorted(counts), sorted(lists)[:3], len(table["all"]), len(Shared.of_class))
    print(seen()[0], sorted(vars(shared)), total > N)


main()
