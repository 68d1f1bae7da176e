"""A seeded simulation with classes, events in a heap and statistics."""

import heapq
import random


class Customer:
    count = 0

    def __init__(self, arrival):
        Customer.count += 1
        self.number = Customer.count
        self.arrival = arrival
        self.waited = None


class Shop:
    def __init__(self, clerks, seed):
        self.random = random.Random(seed)
        self.free = clerks
        self.line = []
        self.events = []
        self.served = []

    def schedule(self, time, kind, customer):
        heapq.heappush(self.events, (time, len(self.events), kind, customer))

    def run(self, n):
        time = 0
        for _ in range(n):
            time += self.random.randint(1, 4)
            self.schedule(time, "arrive", Customer(time))
        while self.events:
            time, _, kind, customer = heapq.heappop(self.events)
            if kind == "arrive":
                self.line.append(customer)
            else:
                self.free += 1
                self.served.append(customer)
            if self.free and self.line:
                next_customer = self.line.pop(0)
                next_customer.waited = time - next_customer.arrival
                self.free -= 1
                self.schedule(time + self.random.randint(2, 6), "leave", next_customer)


def main():
    shop = Shop(1, 3)
    shop.run(4)
    print([(c.number, c.waited) for c in shop.served])


if __name__ == "__main__":
    main()
