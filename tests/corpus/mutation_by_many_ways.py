"""The same list changed by a callee, an alias, a closure, an attribute, an iterator and a slice."""


def by_callee(items):
    items.append("callee")


def by_rebinding(items):
    items = items + ["lost"]
    return items


def make_closure(items):
    return lambda: items.insert(0, "closure")


class Owner:
    def __init__(self, items):
        self.items = items

    def by_attribute(self):
        self.items += ["attribute"]

    def __iter__(self):
        for at, item in enumerate(self.items):
            self.items[at] = item.upper()
            yield item


def by_iteration(items):
    for item in items:
        if len(items) < 8:
            items.append(item + "+")


def main():
    items = ["start"]
    alias = items
    by_callee(items)
    lost = by_rebinding(items)
    make_closure(items)()
    owner = Owner(alias)
    owner.by_attribute()
    alias[1:2] = ["slice", "assigned"]
    by_iteration(items)
    seen = [item for item in owner]
    del items[::3], alias[-1]
    items[0], items[-1] = items[-1], items[0]
    list(map(items.append, "xy"))
    items.sort(key=lambda item: (len(item), items.append) and len(item))
    return items, lost, seen, owner.items is items


try:
    print(*main(), sep="\n")
except ValueError as error:
    print(error)
