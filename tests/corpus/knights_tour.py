"""Warnsdorff's rule on a small board: a path of cells, neighbours sorted by their freedom."""

STEPS = [(1, 2), (2, 1), (2, -1), (1, -2), (-1, -2), (-2, -1), (-2, 1), (-1, 2)]


def neighbours(cell, size, visited):
    x, y = cell
    cells = ((x + dx, y + dy) for dx, dy in STEPS)
    return [(a, b) for a, b in cells if 0 <= a < size and 0 <= b < size and (a, b) not in visited]


def tour(size, start):
    path, visited = [start], {start}
    while len(path) < 9:
        options = neighbours(path[-1], size, visited)
        if not options:
            break
        best = min(options, key=lambda cell: (len(neighbours(cell, size, visited)), cell))
        path.append(best)
        visited.add(best)
    return path


path = tour(5, (0, 0))
board = [["."] * 5 for _ in range(5)]
for number, (x, y) in enumerate(path):
    board[y][x] = str(number)
print(*map("".join, board), sep="\n")
