"""A bank counter simulated: events in a heap, customers, clerks, and a generator of arrivals."""

import heapq
import random


class Simulation:
    def __init__(self, n_clerks, seed):
        self.random = random.Random(seed)
        self.events, self.queue, self.free = [], [], n_clerks
        self.now, self.n_events, self.waits = 0, 0, []

    def at(self, delay, action, *args):
        self.n_events += 1
        heapq.heappush(self.events, (self.now + delay, self.n_events, action, args))

    def run(self):
        while self.events:
            self.now, _, action, args = heapq.heappop(self.events)
            action(*args)

    def arrive(self, names):
        name = next(names, None)
        if name is None:
            return
        self.queue.append((name, self.now))
        self.at(self.random.randint(1, 3), self.arrive, names)
        self.serve()

    def serve(self):
        if self.free and self.queue:
            self.free -= 1
            name, since = self.queue.pop(0)
            self.waits.append((name, self.now - since))
            self.at(self.random.randint(2, 5), self.leave)

    def leave(self):
        self.free += 1
        self.serve()


simulation = Simulation(1, seed=3)
simulation.at(0, simulation.arrive, iter("abcd"))
simulation.run()
print(simulation.waits, simulation.now, simulation.free)
