"""Statements at module level: loops, tries, functions used and names deleted."""

import math

VALUES = [3, 1, 2]
total = 0
for value in VALUES:
    total += value
while total > 4:
    total -= 1
table = {}
for i in range(3):
    table[i] = i * i
    if i == 1:
        continue
    table[-i] = str(i)
try:
    table["missing"]
except KeyError as error:
    problem = error.args[0]
else:
    problem = None
del i
squares = [n * n for n in VALUES if n > 1]
pairs = {n: [n] for n in VALUES}
root = math.floor(math.sqrt(total))
if root:
    def helper(x=VALUES):
        x.append(root)
        return x
else:
    helper = None
alias = helper()
VALUES[0] = "changed"
with_star, *rest = alias


def main():
    print(total, table, problem, squares, pairs, root, alias, with_star, rest)


if __name__ == "__main__":
    main()
    total += 1
