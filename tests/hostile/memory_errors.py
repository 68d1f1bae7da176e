"""No memory: the program gets its MemoryError and goes on."""
# says at line: larger than the size limit

import resource


def grow():
    held = []
    try:
        while True:
            held.append(bytearray(64 << 20))
    except MemoryError:
        n = len(held)
        held.clear()
        return n > 0


def main():
    used = int(open("/proc/self/statm").read().split()[0]) * 4096
    resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 30), resource.RLIM_INFINITY))
    first = grow()
    try:
        bytes(1 << 40)
    except MemoryError:
        second = True
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    return first, second, grow_a_little()


def grow_a_little():
    items = []
    for n in range(100):
        items.append([n])
    return len(items)


print(main())
