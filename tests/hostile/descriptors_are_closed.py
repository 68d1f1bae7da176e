"""All descriptors but the standard streams are closed by number, and files get the numbers again."""
# says: it has no value apart

import os
import tempfile


def work(n):
    items = []
    for i in range(n):
        items.append([i, str(i)])
    return len(items)


def open_all(folder, n):
    flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC
    numbers = [os.open(os.path.join(folder, str(i)), flags) for i in range(n)]
    print(numbers)
    return [open(number, "w+b", buffering=0, closefd=False) for number in numbers]


def show(files):
    for i, file in enumerate(files):
        file.write(b"mine %d" % i)
    work(2000)
    for file in files:
        position = file.tell()
        file.seek(0)
        print(position, file.read())


def close_each(numbers):
    n_closed = 0
    for number in numbers:
        try:
            os.close(number)
            n_closed += 1
        except OSError as error:
            assert error.errno == 9, error
    return n_closed


def listed():
    return [int(name) for name in os.listdir("/proc/self/fd") if int(name) > 2]


def main(folder):
    files = open_all(folder, 3)
    show(files)
    print(close_each(file.fileno() for file in files))
    os.closerange(3, 1000)
    show(open_all(folder, 6))
    os.closerange(3, 5000)
    show(open_all(folder, 6))
    os.closerange(0x7FFF_0000, 0x7FFF_0002)
    os.closerange(9, -9)
    files = open_all(folder, 2)
    print(close_each(listed()), work(10))
    print(close_each(range(3, 5000)), work(10))
    for arguments in [(), (3,), ("3", 4), (3, 2**40)]:
        try:
            os.closerange(*arguments)
        except (TypeError, OverflowError) as error:
            print(error)
    for call in [os.close, lambda fd: os.close(fd=fd)]:
        for number in [-1, "1", 2**40, 4000]:
            try:
                call(number)
            except (TypeError, OverflowError, OSError) as error:
                print(error)
    os.dup2(1, 7)
    os.write(7, b"by seven\n")
    show(open_all(folder, 6))


with tempfile.TemporaryDirectory() as folder:
    main(folder)
print(work(100))
