"""Tuples that hold mutable things, nested tuples, tuples as keys and returned."""


def bounds(values):
    return min(values), max(values)


def main():
    holder = ([], {"k": 1}, (1, [2]))
    holder[0].append(holder[1])
    holder[1]["k"] = holder[2][1]
    holder[2][1].append("deep")
    again = holder[:2]
    low, high = bounds([3, 1, 2])
    points = {(x, y): x * y for x in range(2) for y in range(2)}
    path = ()
    for step in "abc":
        path = path + (step,)
        path = (path,) if step == "b" else path
    empty, single = (), (1,)
    cycle = ([],)
    cycle[0].append(cycle)
    print(len(again), low, high, points[(1, 1)], path, empty + single, len(cycle[0]))


if __name__ == "__main__":
    main()
