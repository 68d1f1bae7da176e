"""Mutual recursion and recursion through a list of functions."""


def is_even(n):
    return True if n == 0 else is_odd(n - 1)


def is_odd(n):
    return False if n == 0 else is_even(n - 1)


def hanoi(n, source, target, spare, moves):
    if n == 0:
        return moves
    hanoi(n - 1, source, spare, target, moves)
    target.append(source.pop())
    moves += 1
    hanoi(n - 1, spare, target, source, moves)
    return moves


def ackermann(m, n):
    if m == 0:
        return n + 1
    if n == 0:
        return ackermann(m - 1, 1)
    return ackermann(m - 1, ackermann(m, n - 1))


def main():
    print(is_even(7), is_odd(4))
    pegs = [3, 2, 1], [], []
    hanoi(3, pegs[0], pegs[1], pegs[2], 0)
    print(pegs, ackermann(1, 3))


if __name__ == "__main__":
    main()
