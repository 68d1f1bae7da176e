"""Iterators written as classes: restartable, peekable, chained, two over one source, by sentinel."""


class Countdown:
    def __init__(self, start):
        self.start = start

    def __iter__(self):
        return CountdownIterator(self)

    def __reversed__(self):
        return iter(range(1, self.start + 1))

    def __contains__(self, n):
        return 0 < n <= self.start


class CountdownIterator:
    def __init__(self, source):
        self.source, self.at = source, source.start

    def __iter__(self):
        return self

    def __next__(self):
        if self.at <= 0:
            raise StopIteration
        self.at -= 1
        return self.at + 1

    def __length_hint__(self):
        return self.at


class Peekable:
    def __init__(self, items):
        self.source, self.ahead = iter(items), []

    def __iter__(self):
        return self

    def __next__(self):
        return self.ahead.pop() if self.ahead else next(self.source)

    def peek(self, default=None):
        for item in self:
            self.ahead.append(item)
            return item
        return default


def groups(items):
    source = Peekable(items)
    for item in source:
        group = [item]
        while source.peek() == item:
            group.append(next(source))
        yield group


def ordered(numbers):
    return [(a, b) for a in numbers for b in numbers if a > b]


class OldStyle:
    def __getitem__(self, at):
        if at > 2:
            raise IndexError
        return at * 10


down = Countdown(3)
print(ordered(down), list(reversed(down)), 2 in down, 5 in down)
left = iter(down)
next(left)
print(left.__length_hint__(), sum(left), list(left), list(OldStyle()), 10 in OldStyle())
print(list(groups("aabccc")), list(iter(iter([3, 2, 0, 9]).__next__, 0)))
