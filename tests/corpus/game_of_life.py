"""Conway's game on a torus: generations as sets of cells, boards as text, a cycle found."""


def neighbours(cell, width, height):
    x, y = cell
    return {((x + dx) % width, (y + dy) % height) for dx in (-1, 0, 1) for dy in (-1, 0, 1)} - {cell}


def step(alive, width, height):
    counts = {}
    for cell in alive:
        for other in neighbours(cell, width, height):
            counts[other] = counts.get(other, 0) + 1
    return frozenset(c for c, n in counts.items() if n == 3 or n == 2 and c in alive)


def show(alive, width, height):
    return ["".join(".#"[(x, y) in alive] for x in range(width)) for y in range(height)]


def run(rows):
    width, height = len(rows[0]), len(rows)
    alive = frozenset((x, y) for y, row in enumerate(rows) for x, c in enumerate(row) if c == "#")
    seen = {}
    while alive not in seen:
        seen[alive] = len(seen)
        alive = step(alive, width, height)
    return len(seen), seen[alive], show(alive, width, height)


print(run([".....", "..#..", "..#..", "..#..", "....."]))
print(run(["##..", "##..", "....", "...."]))
