"""For over many iterables, with else, break, continue, tuple targets, attribute and item targets."""


class Holder:
    pass


def main():
    pairs = []
    for i, (a, b) in enumerate([(1, 2), (3, 4)]):
        pairs.append((i, a, b))
    for ch in "abc":
        if ch == "b":
            continue
        pairs.append(ch)
    else:
        pairs.append("done")
    for key in {"x": 1, "y": 2}:
        pairs.append(key)
        break
    else:
        pairs.append("never")
    for key, value in {"k": [1], "l": [2]}.items():
        value.append(key)
        pairs.append(value)
    holder, row = Holder(), [0, 0]
    for holder.value in range(2):
        row[holder.value] = holder.value * 10
    for row[1] in (7, 8):
        pass
    for first, *others in ([1, 2, 3], "xy"):
        pairs.append(others)
    for empty in []:
        pairs.append("never")
    for n in reversed(range(0, 6, 2)):
        pairs.append(n)
    print(pairs, row, holder.value)


if __name__ == "__main__":
    main()
