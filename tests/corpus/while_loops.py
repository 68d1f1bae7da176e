"""While with else, break, continue, nested, and on one line."""


def collatz(n):
    steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
        if steps > 50:
            break
    else:
        steps = -steps
    return steps


def primes(limit):
    found = []
    n = 2
    while n < limit:
        k = 2
        while k * k <= n:
            if n % k == 0:
                break
            k += 1
        else:
            found.append(n)
        n += 1
        if n == 5: continue
    return found


def main():
    print(collatz(6), primes(20))
    x = 5
    while x: x -= 1
    while x < 3: x += 1; y = x
    print(x, y)


if __name__ == "__main__":
    main()
