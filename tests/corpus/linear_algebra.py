"""Matrices as lists of rows and as a class: products, powers, determinants, inverses in fractions."""

from fractions import Fraction


class Matrix:
    def __init__(self, rows):
        self.rows = [list(map(Fraction, row)) for row in rows]

    @classmethod
    def identity(cls, n):
        return cls([[int(i == j) for j in range(n)] for i in range(n)])

    def __matmul__(self, other):
        columns = list(zip(*other.rows))
        return Matrix([[sum(a * b for a, b in zip(row, column)) for column in columns] for row in self.rows])

    def __pow__(self, n):
        result, base = Matrix.identity(len(self.rows)), self
        while n:
            if n & 1:
                result @= base
            base @= base
            n >>= 1
        return result

    def inverse(self):
        n = len(self.rows)
        wide = [row + unit for row, unit in zip(self.rows, Matrix.identity(n).rows)]
        for i in range(n):
            pivot = next((r for r in range(i, n) if wide[r][i]), None)
            if pivot is None:
                raise ZeroDivisionError("singular")
            wide[i], wide[pivot] = wide[pivot], wide[i]
            wide[i] = [cell / wide[i][i] for cell in wide[i]]
            for r in range(n):
                if r != i:
                    wide[r] = [a - wide[r][i] * b for a, b in zip(wide[r], wide[i])]
        return Matrix([row[n:] for row in wide])

    def __str__(self):
        return "; ".join(" ".join(map(str, row)) for row in self.rows)


fibonacci = Matrix([[1, 1], [1, 0]])
print(fibonacci**5, Matrix([[2, 1], [1, 1]]).inverse(), Matrix([[0, 2], [1, 0]]).inverse(), sep=" | ")
try:
    Matrix([[1, 2], [2, 4]]).inverse()
except ZeroDivisionError as error:
    print(error)
