"""A sliding window and a round robin over deques, bounded and not."""

from collections import deque


class Window(deque):
    def mean(self):
        return sum(self) / len(self)


def slide(values, window):
    means = []
    for value in values:
        window.append(value)
        means.append(window.mean())
    return means


def schedule(jobs):
    order = []
    while jobs:
        name, left = jobs.popleft()
        order.append(name)
        if left > 1:
            jobs.append((name, left - 1))
    return order


window = Window(maxlen=3)
window.label = "load"
means = slide(range(10), window)
jobs = deque([("a", 3), ("b", 1), ("c", 2)])
alias = jobs
jobs.rotate(1)
order = schedule(jobs)
long = deque(range(200))
for step in range(150):
    long.appendleft(long.pop())
    if step % 50 == 0:
        long.extend([step, [step]])
        long[-1].append("seen")
del long[5]
long.insert(7, long)
long.remove(0)
long.reverse()
long.clear()
alias.extendleft("xyz")
print(means, order, len(long), list(jobs), window.maxlen)
