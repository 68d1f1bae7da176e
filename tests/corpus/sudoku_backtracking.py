"""Backtracking on a 4x4 grid: cells set and unset in place."""


def allowed(grid, row, column):
    used = set(grid[row]) | {line[column] for line in grid}
    top, left = row // 2 * 2, column // 2 * 2
    for r in range(top, top + 2):
        used.update(grid[r][left : left + 2])
    return [n for n in range(1, 5) if n not in used]


def solve(grid):
    for row in range(4):
        for column in range(4):
            if grid[row][column] == 0:
                for n in allowed(grid, row, column):
                    grid[row][column] = n
                    if solve(grid):
                        return True
                    grid[row][column] = 0
                return False
    return True


def main():
    grid = [[1, 2, 0, 0], [3, 0, 1, 0], [0, 1, 4, 3], [4, 3, 2, 0]]
    print(solve(grid), grid)


if __name__ == "__main__":
    main()
