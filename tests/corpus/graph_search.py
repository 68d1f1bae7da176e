"""Breadth first and depth first search, and shortest paths, over dicts of sets and lists."""

import heapq
from collections import deque


def breadth_first(graph, start):
    distance = {start: 0}
    queue = deque([start])
    while queue:
        node = queue.popleft()
        for neighbour in graph[node]:
            if neighbour not in distance:
                distance[neighbour] = distance[node] + 1
                queue.append(neighbour)
    return distance


def shortest(weights, start):
    best, heap = {}, [(0, start)]
    while heap:
        cost, node = heapq.heappop(heap)
        if node in best:
            continue
        best[node] = cost
        for neighbour, weight in weights.get(node, {}).items():
            heapq.heappush(heap, (cost + weight, neighbour))
    return best


def topological(graph):
    order, seen = [], set()

    def visit(node):
        if node in seen:
            return
        seen.add(node)
        for neighbour in graph[node]:
            visit(neighbour)
        order.insert(0, node)

    for node in graph:
        visit(node)
    return order


def main():
    graph = {"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}
    print(breadth_first(graph, "a"))
    print(shortest({"a": {"b": 1, "c": 5}, "b": {"c": 1}}, "a"))
    print(topological(graph))


if __name__ == "__main__":
    main()
