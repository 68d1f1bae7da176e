"""Assignment expressions in conditions, comprehensions, calls, slices and f-strings."""

import re


def read_all(chunks):
    source, total = iter(chunks), []
    while (chunk := next(source, "")) != "":
        total.append(chunk.upper())
    return total


def classify(text):
    if m := re.fullmatch(r"(\d+)", text):
        return int(m[1])
    elif (m := re.fullmatch(r"(\w)=(\w+)", text)) and (key := m[1]) != "z":
        return {key: m[2]}
    return m and m.groups()


def first_large(values, limit):
    if any((witness := value) > limit for value in values):
        return witness
    return None


def prefix_sums(values):
    total = 0
    return [total := total + value for value in values], total


def filtered(values):
    return {value: half for value in values if (half := value // 2) % 2}


items = list(range(10))
print(read_all(["a", "b", "", "c"]))
print(classify("12"), classify("k=vv"), classify("z=1"), classify("!"))
print(first_large([1, 5, 9], 4), prefix_sums([1, 2, 3]), filtered(range(8)))
print(items[(low := 2) : (high := low + 3)], low, high, f"{(size := len(items))} {size * 2}")
print(last := 1, (last := last + 1), last)
