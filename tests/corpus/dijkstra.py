"""Shortest paths with a heap: distances relaxed, predecessors kept, routes rebuilt."""

import heapq

ROADS = {
    "a": {"b": 7, "c": 3},
    "b": {"d": 2},
    "c": {"b": 1, "d": 8},
    "d": {},
    "e": {"a": 1},
}


def distances(graph, start):
    best, before, heap = {start: 0}, {}, [(0, start)]
    while heap:
        cost, node = heapq.heappop(heap)
        if cost > best[node]:
            continue
        for other, length in graph[node].items():
            total = cost + length
            if total < best.get(other, float("inf")):
                best[other], before[other] = total, node
                heapq.heappush(heap, (total, other))
    return best, before


def route(before, end):
    path = [end]
    while path[-1] in before:
        path.append(before[path[-1]])
    return path[::-1]


best, before = distances(ROADS, "a")
print(best, route(before, "d"), route(before, "e"))
