"""A grid changed cell by cell, rows swapped, transposed, and the game of life on it."""


def step(grid):
    height, width = len(grid), len(grid[0])
    new = [[0] * width for _ in range(height)]
    for y in range(height):
        for x in range(width):
            near = 0
            for dy in (-1, 0, 1):
                near += sum(grid[(y + dy) % height][(x + dx) % width] for dx in (-1, 0, 1))
            new[y][x] = 1 if near == 3 or (near == 4 and grid[y][x]) else 0
    return new


def main():
    grid = [[0] * 3 for _ in range(3)]
    grid[1][0] = grid[1][1] = grid[1][2] = 1
    grid = step(grid)
    grid[0], grid[2] = grid[2], grid[0]
    turned = [list(row) for row in zip(*grid)]
    for row in turned:
        row.append(sum(row))
    cube = [[[x + y + z for z in range(2)] for y in range(2)] for x in range(2)]
    cube[1][0][1] = cube
    print(grid, turned, cube[0])


if __name__ == "__main__":
    main()
