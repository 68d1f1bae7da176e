"""Plain recursion, with and without a memo dict as a mutable default."""


def fib(n):
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)


def memo_fib(n, memo={}):
    if n in memo:
        return memo[n]
    memo[n] = n if n < 2 else memo_fib(n - 1) + memo_fib(n - 2)
    return memo[n]


def main():
    print(fib(6), memo_fib(12), len(memo_fib.__defaults__[0]))


if __name__ == "__main__":
    main()
