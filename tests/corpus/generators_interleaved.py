"""Several generators of one function advance in turns and share what they are given."""


def worker(name, jobs, done):
    while jobs:
        job = jobs.pop(0)
        for step in range(job):
            yield f"{name}{step}"
        done.setdefault(name, []).append(job)


def round_robin(*workers):
    waiting = list(workers)
    while waiting:
        current = waiting.pop(0)
        try:
            yield next(current)
        except StopIteration:
            continue
        waiting.append(current)


def merge(left, right):
    a, b = next(left, None), next(right, None)
    while a is not None or b is not None:
        if b is None or (a is not None and a <= b):
            yield a
            a = next(left, None)
        else:
            yield b
            b = next(right, None)


jobs, done = [2, 1, 3, 1], {}
trail = list(round_robin(*(worker(name, jobs, done) for name in "xyz")))
print(trail, done, jobs)
print(list(merge(iter([1, 4, 5]), (n * n for n in range(4)))))
