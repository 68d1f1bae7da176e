"""Stacks and queues on lists, on links and on two stacks; errors at the ends; a bracket checker."""


class Empty(Exception):
    pass


class Stack:
    def __init__(self):
        self.top = None
        self.size = 0

    def push(self, item):
        self.top, self.size = (item, self.top), self.size + 1
        return self

    def pop(self):
        if self.top is None:
            raise Empty
        item, self.top = self.top
        self.size -= 1
        return item


class Queue:
    def __init__(self):
        self.front, self.back = Stack(), Stack()

    def put(self, item):
        self.back.push(item)

    def get(self):
        if not self.front.size:
            while self.back.size:
                self.front.push(self.back.pop())
        return self.front.pop()


class RingBuffer:
    def __init__(self, size):
        self.items, self.start, self.n = [None] * size, 0, 0

    def put(self, item):
        self.items[(self.start + self.n) % len(self.items)] = item
        if self.n < len(self.items):
            self.n += 1
        else:
            self.start = (self.start + 1) % len(self.items)

    def __iter__(self):
        return (self.items[(self.start + i) % len(self.items)] for i in range(self.n))


def balanced(text):
    pairs, stack = {")": "(", "]": "["}, Stack()
    for letter in text:
        if letter in pairs.values():
            stack.push(letter)
        elif letter in pairs:
            try:
                if stack.pop() != pairs[letter]:
                    return False
            except Empty:
                return False
    return stack.size == 0


queue = Queue()
for item in "abc":
    queue.put(item)
first = queue.get()
queue.put("d")
ring = RingBuffer(3)
for item in range(5):
    ring.put(item)
print(first, queue.get(), queue.get(), queue.get(), list(ring), ring.items)
print([balanced(text) for text in ("([])", "(]", ")", "(")])
