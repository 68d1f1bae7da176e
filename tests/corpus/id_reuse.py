"""Temporaries freed and allocated again at the same address in loops."""


class Temporary:
    def __init__(self, n):
        self.n = n
        self.items = [n]


def make(n):
    return [n, n + 1]


def main():
    last = None
    for i in range(6):
        t = [i]
        t = {"i": i}
        t = Temporary(i)
        t = None
    for i in range(6):
        a = make(i)
        b = make(i)
        del a
        last = b
    sums = []
    for i in range(5):
        sums.append(sum([i, Temporary(i).n]))
    holder = [[0]]
    for i in range(5):
        holder[0] = [i]
    pair = [Temporary(1)]
    for i in range(4):
        pair[0] = Temporary(i)
        pair[0].items.append(i)
    box = {}
    for i in range(5):
        box["k"] = (i, [i])
        box["k"][1].append(-i)
    print(last, sums, holder, pair[0].items, box)


if __name__ == "__main__":
    main()
