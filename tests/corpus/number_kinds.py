"""Big ints, floats at the edges, complex, bools against ints, int caching."""

import math


def factorial(n):
    result = 1
    for k in range(2, n + 1):
        result *= k
    return result


def main():
    big = factorial(25)
    huge = 2**200
    negative = -huge
    edge, under, over = 2**63 - 1, -(2**63), 2**63
    edge += 1
    edge -= 1
    nan, inf = float("nan"), math.inf
    zero = -0.0
    zero += 0.0
    minus = -0.0
    tiny = 5e-324
    z = 3 + 4j
    z *= 1j
    flag = True
    flag = flag + 0
    flag = bool(flag)
    small = 256
    small += 1
    same = small
    small -= 1
    values = [nan, nan, inf, -inf, minus, zero, tiny, z, 1, 1.0, True]
    values[8], values[10] = values[10], values[8]
    bits = huge >> 137
    print(big, negative, edge, under, over, minus, tiny, z, flag, same, small, bits, len(values))


if __name__ == "__main__":
    main()
