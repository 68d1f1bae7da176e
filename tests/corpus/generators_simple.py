"""Generators: loops, values sent in, return values, two interleaved, delegation."""


def countdown(n):
    while n > 0:
        yield n
        n -= 1
    return "done"


def averager():
    total, count, average = 0, 0, None
    while True:
        value = yield average
        if value is None:
            return total
        total += value
        count += 1
        average = total / count


def chained(*parts):
    for part in parts:
        result = yield from part
        yield result


def flatten(items):
    for item in items:
        if isinstance(item, list):
            yield from flatten(item)
        else:
            yield item


def main():
    print(list(countdown(3)))
    average = averager()
    next(average)
    print(average.send(10), average.send(20))
    try:
        average.send(None)
    except StopIteration as stop:
        print(stop.value)
    left, right = countdown(2), countdown(3)
    mixed = [next(left), next(right), next(left), next(right)]
    print(mixed, list(right))
    print(list(chained(countdown(1), countdown(2))), list(flatten([1, [2, [3, []], 4]])))


if __name__ == "__main__":
    main()
