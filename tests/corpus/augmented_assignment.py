"""Every augmented operator, on names, attributes, items and slices, with aliases watching."""


class Box:
    def __init__(self, value):
        self.value = value


def main():
    n = 10
    n += 3; n -= 1; n *= 4; n //= 5; n %= 7; n **= 3
    n <<= 2; n >>= 1; n |= 5; n &= 13; n ^= 6
    f = 1.5
    f /= 2
    f *= -1
    items = [1]
    alias = items
    items += [2]
    items *= 2
    other = items
    other = other + [9]
    letters = {"a"}
    same = letters
    letters |= {"b"}
    letters &= {"a", "b", "c"}
    letters -= {"a"}
    letters ^= {"z"}
    table = {"k": 1}
    table |= {"l": 2}
    table["k"] += 5
    box = Box([0])
    box.value += [1]
    box.value[0] -= 1
    grid = [[0] * 2 for _ in range(2)]
    grid[1][0] += 7
    grid[0] += [3]
    t = (1,)
    t += (2,)
    s = "a"
    s *= 3
    holder = ([],)
    try:
        holder[0] += ["kept"]
    except TypeError:
        s += "!"
    print(n, f, alias, other, sorted(same), table, box.value, grid, t, s, holder)


if __name__ == "__main__":
    main()
