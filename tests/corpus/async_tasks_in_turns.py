"""A scheduler that runs generator tasks in turns, with messages, sleeping tasks and deaths."""

from collections import deque


class Scheduler:
    def __init__(self):
        self.ready, self.asleep, self.time, self.log = deque(), [], 0, []

    def spawn(self, name, task):
        self.ready.append((name, task, None))

    def run(self):
        while self.ready or self.asleep:
            if not self.ready:
                self.asleep.sort(key=lambda entry: entry[0])
                self.time, name, task = self.asleep.pop(0)
                self.ready.append((name, task, self.time))
            name, task, value = self.ready.popleft()
            try:
                request = task.send(value)
            except StopIteration as stop:
                self.log.append((self.time, name, "ended", stop.value))
            except RuntimeError as error:
                self.log.append((self.time, name, "died", str(error)))
            else:
                self.handle(name, task, *request)
        return self.log

    def handle(self, name, task, command, *args):
        match command, args:
            case "sleep", (delay,):
                self.asleep.append((self.time + delay, name, task))
            case "spawn", (other, generator):
                self.spawn(other, generator)
                self.ready.append((name, task, other))
            case _:
                self.ready.append((name, task, None))


def ticker(n, delay):
    total = 0
    for _ in range(n):
        total += yield "sleep", delay
    return total


def parent():
    child = yield "spawn", "child", ticker(1, 5)
    yield ("yield",)
    if child:
        raise RuntimeError(f"after {child}")


scheduler = Scheduler()
scheduler.spawn("fast", ticker(3, 1))
scheduler.spawn("slow", ticker(2, 2))
scheduler.spawn("parent", parent())
print(*scheduler.run(), sep="\n")
