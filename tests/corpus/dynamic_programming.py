"""Tables filled bottom up: edit distance, knapsack, the longest common part, with the way back."""


def edit_distance(a, b):
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            diagonal, row[j] = row[j], min(diagonal + (x != y), row[j] + 1, row[j - 1] + 1)
    return row[-1]


def knapsack(items, limit):
    table = [[0] * (limit + 1)]
    for value, weight in items:
        above = table[-1]
        table.append([max(best, above[room - weight] + value if weight <= room else 0) for room, best in enumerate(above)])
    chosen, room = [], limit
    for i in range(len(items), 0, -1):
        if table[i][room] != table[i - 1][room]:
            chosen.append(i - 1)
            room -= items[i - 1][1]
    return table[-1][-1], chosen[::-1]


def common(a, b):
    lengths = {}
    for i in range(len(a) - 1, -1, -1):
        for j in range(len(b) - 1, -1, -1):
            if a[i] == b[j]:
                lengths[i, j] = 1 + lengths.get((i + 1, j + 1), 0)
            else:
                lengths[i, j] = max(lengths.get((i + 1, j), 0), lengths.get((i, j + 1), 0))
    return lengths[0, 0]


print(edit_distance("kitten", "sit"), knapsack([(6, 2), (10, 4), (12, 5)], 7), common("abcb", "bcab"))
