"""Insertion, merge, quick, heap and counting sort, in place and by building new lists."""


def insertion(items):
    for i in range(1, len(items)):
        item, j = items[i], i
        while j and items[j - 1] > item:
            items[j] = items[j - 1]
            j -= 1
        items[j] = item
    return items


def merge(items):
    if len(items) < 2:
        return items
    middle = len(items) // 2
    left, right = merge(items[:middle]), merge(items[middle:])
    merged = []
    while left and right:
        merged.append((left if left[0] <= right[0] else right).pop(0))
    return merged + left + right


def quick(items, low, high):
    if low >= high:
        return
    pivot, border = items[high], low
    for i in range(low, high):
        if items[i] < pivot:
            items[i], items[border] = items[border], items[i]
            border += 1
    items[border], items[high] = items[high], items[border]
    quick(items, low, border - 1)
    quick(items, border + 1, high)


def sift(items, root, end):
    while (child := 2 * root + 1) < end:
        if child + 1 < end and items[child] < items[child + 1]:
            child += 1
        if items[root] >= items[child]:
            return
        items[root], items[child] = items[child], items[root]
        root = child


def heap(items):
    for root in reversed(range(len(items) // 2)):
        sift(items, root, len(items))
    for end in reversed(range(1, len(items))):
        items[0], items[end] = items[end], items[0]
        sift(items, 0, end)
    return items


def counting(items):
    counts = [0] * (max(items) + 1)
    for item in items:
        counts[item] += 1
    return [value for value, count in enumerate(counts) for _ in range(count)]


numbers = [5, 2, 4, 1, 3]
in_place = numbers.copy()
quick(in_place, 0, len(in_place) - 1)
print(insertion(numbers[:]), merge(numbers), in_place, heap(numbers[:]), counting(numbers), numbers)
