"""Queens, subset sums and a small maze: choices made, undone and collected."""


def queens(n, row=0, columns=(), found=None):
    found = [] if found is None else found
    if row == n:
        found.append(columns)
        return found
    for column in range(n):
        if all(column != c and abs(column - c) != row - r for r, c in enumerate(columns)):
            queens(n, row + 1, (*columns, column), found)
    return found


def subset_sum(numbers, target, chosen):
    if target == 0:
        yield chosen[:]
        return
    for i, number in enumerate(numbers):
        if number <= target:
            chosen.append(number)
            yield from subset_sum(numbers[i + 1 :], target - number, chosen)
            chosen.pop()


MAZE = ["S.#", "#..", "..E"]


def escape(maze, x=0, y=0, path=()):
    if not (0 <= y < len(maze) and 0 <= x < len(maze[y])) or maze[y][x] == "#" or (x, y) in path:
        return None
    path = (*path, (x, y))
    if maze[y][x] == "E":
        return path
    for dx, dy in ((1, 0), (0, 1)):
        way = escape(maze, x + dx, y + dy, path)
        if way:
            return way
    return None


print(queens(4), list(subset_sum([1, 2, 3, 4], 5, [])), escape(MAZE))
