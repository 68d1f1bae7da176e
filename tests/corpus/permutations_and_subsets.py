"""Recursive enumeration with shared and copied partial results."""


def permutations(items, chosen, out):
    if not items:
        out.append(chosen[:])
        return
    for i in range(len(items)):
        chosen.append(items[i])
        permutations(items[:i] + items[i + 1 :], chosen, out)
        chosen.pop()


def subsets(items):
    if not items:
        return [[]]
    rest = subsets(items[1:])
    return rest + [[items[0], *subset] for subset in rest]


def change(amount, coins):
    ways = [1] + [0] * amount
    for coin in coins:
        for i in range(coin, amount + 1):
            ways[i] += ways[i - coin]
    return ways[amount]


def main():
    out = []
    permutations([1, 2, 3], [], out)
    print(len(out), out[-1], subsets(["a", "b"]), change(6, [1, 2, 5]))


if __name__ == "__main__":
    main()
