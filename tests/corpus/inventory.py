"""Stock in bins: orders reserve from several bins, shipments and shortages change them."""

from collections import defaultdict, namedtuple

Order = namedtuple("Order", "customer wanted")


class Warehouse:
    def __init__(self):
        self.bins = defaultdict(list)
        self.reserved = defaultdict(dict)
        self.shortages = []

    def receive(self, item, *counts):
        self.bins[item].extend([count] for count in counts)

    def reserve(self, order):
        taken = {}
        for item, n in order.wanted.items():
            for bin in self.bins[item]:
                part = min(n, bin[0])
                bin[0] -= part
                n -= part
                taken[item] = taken.get(item, 0) + part
                if not n:
                    break
            else:
                self.shortages.append((order.customer, item, n))
        self.bins = defaultdict(list, {item: [b for b in bins if b[0]] for item, bins in self.bins.items()})
        self.reserved[order.customer] |= taken
        return taken

    def ship(self, customer):
        return self.reserved.pop(customer, {})


house = Warehouse()
house.receive("nut", 5, 3)
house.receive("bolt", 2)
orders = [Order("ann", {"nut": 6}), Order("bob", {"nut": 4, "bolt": 1})]
print([house.reserve(order) for order in orders])
print(dict(house.bins), house.shortages, house.ship("bob"), house.ship("eve"), dict(house.reserved))
