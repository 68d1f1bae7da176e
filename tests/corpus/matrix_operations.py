"""Matrix product, determinant and Gaussian elimination with floats and fractions."""

from fractions import Fraction


def product(a, b):
    result = []
    for row in a:
        out = []
        for column in zip(*b):
            out.append(sum(x * y for x, y in zip(row, column)))
        result.append(out)
    return result


def determinant(matrix):
    if len(matrix) == 1:
        return matrix[0][0]
    total, sign = 0, 1
    for i, head in enumerate(matrix[0]):
        minor = [row[:i] + row[i + 1 :] for row in matrix[1:]]
        total += sign * head * determinant(minor)
        sign = -sign
    return total


def solve(matrix, values):
    rows = [[Fraction(x) for x in row] + [Fraction(v)] for row, v in zip(matrix, values)]
    for i in range(len(rows)):
        pivot = rows[i][i]
        rows[i] = [x / pivot for x in rows[i]]
        for j in range(len(rows)):
            if i != j:
                factor = rows[j][i]
                rows[j] = [x - factor * y for x, y in zip(rows[j], rows[i])]
    return [row[-1] for row in rows]


def main():
    a = [[1, 2], [3, 4.5]]
    print(product(a, a), determinant([[2, 0, 1], [1, 3, 2], [1, 1, 1]]))
    print([str(x) for x in solve([[2, 1], [1, 3]], [3, 5])])


if __name__ == "__main__":
    main()
