"""Binary search, found and not found."""


def search(items, wanted):
    low, high = 0, len(items) - 1
    while low <= high:
        middle = (low + high) // 2
        if items[middle] == wanted:
            return middle
        if items[middle] < wanted:
            low = middle + 1
        else:
            high = middle - 1
    return None


def main():
    items = [1, 3, 4, 7, 9, 11, 15, 20, 31]
    found = [search(items, wanted) for wanted in (7, 31, 1, 8)]
    print(found)


if __name__ == "__main__":
    main()
