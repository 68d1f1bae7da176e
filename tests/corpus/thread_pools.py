"""concurrent.futures: results and exceptions of calls that other threads made, one after the other."""

from concurrent.futures import ThreadPoolExecutor


def square(n, log):
    log.append(n)
    if n < 0:
        raise ValueError(n)
    return n * n


def call(function, *args):
    return ThreadPoolExecutor(max_workers=1).submit(function, *args).result()


def main():
    log = []
    first = call(square, 3, log)
    results = list(call(map, lambda n: n + 1, [first, first * 2]))
    try:
        call(square, -1, log)
    except ValueError as error:
        failed = error.args
    return first, failed, results, log


print(main())
