"""The limit on open files is lowered to a few, and all of them are used up."""

import os
import resource


def work(n):
    items = []
    for i in range(n):
        items.append([i, str(i)])
    return len(items)


def open_all():
    numbers = []
    try:
        while True:
            numbers.append(os.open(os.devnull, os.O_RDWR))
    except OSError as error:
        print(numbers, error.strerror, work(2000))
    return numbers


def main():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    for limit in [40, 12, 6, 3, 0]:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
        for number in open_all():
            os.close(number)
    resource.setrlimit(resource.RLIMIT_NOFILE, (20, hard))
    numbers = open_all()
    os.closerange(3, 20)
    child = os.fork()
    if child == 0:
        os._exit(work(3000) % 7)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), work(3000))
    return len(numbers)


print(main())
