"""Loops with break, continue and else at several levels, and variables that outlive them."""


def first_prime_gap(limit):
    last = None
    for n in range(2, limit):
        for divisor in range(2, n):
            if divisor * divisor > n:
                continue
            if n % divisor == 0:
                break
        else:
            if last is not None and n - last > 3:
                return last, n, divisor
            last = n
    else:
        return None, n


def count_down(n):
    log = []
    while n:
        n -= 1
        if n % 3 == 0:
            continue
        log.append(n)
        if n == 2:
            break
    else:
        log.append("through")
    return n, log


def pairs(items):
    found = []
    for i, a in enumerate(items):
        for b in items[i + 1 :]:
            if a + b == 5:
                found.append((a, b))
                break
            elif a == b:
                continue
            found.append(None)
    return found, a, b


for total in range(3):
    pass
print(total, first_prime_gap(12), first_prime_gap(5), count_down(6), count_down(1), pairs([1, 2, 3, 4]))
numbers = iter(range(100))
for n in numbers:
    for m in numbers:
        if m % 4 == 0:
            break
    else:
        print("never")
    if n > 8:
        break
print(n, m, next(numbers))
