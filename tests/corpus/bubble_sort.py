"""Bubble sort in place with swaps by tuple assignment."""


def bubble(items):
    for end in range(len(items) - 1, 0, -1):
        swapped = False
        for i in range(end):
            if items[i] > items[i + 1]:
                items[i], items[i + 1] = items[i + 1], items[i]
                swapped = True
        if not swapped:
            break
    return items


def main():
    data = [5, 2, 9, 1, 7, 3]
    same = data
    result = bubble(data)
    print(result is same, data)


if __name__ == "__main__":
    main()
