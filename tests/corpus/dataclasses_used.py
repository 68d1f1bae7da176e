"""Dataclasses: defaults, factories, replaced, ordered, frozen, with slots, nested."""

import dataclasses
from dataclasses import dataclass, field


@dataclass
class Item:
    name: str
    price: float = 1.0
    tags: list = field(default_factory=list)

    def __post_init__(self):
        self.tags.append(self.name[0])


@dataclass(order=True, frozen=True)
class Version:
    major: int
    minor: int = 0


@dataclass(slots=True)
class Cart:
    items: list = field(default_factory=list)
    total: float = 0.0

    def add(self, item):
        self.items.append(item)
        self.total += item.price


def main():
    apple, pear = Item("apple", 2.5), Item("pear")
    cart = Cart()
    for item in (apple, pear, apple):
        cart.add(item)
    cheaper = dataclasses.replace(apple, price=0.5)
    cheaper.tags.append("cheap")
    versions = sorted([Version(2), Version(1, 5), Version(1)])
    try:
        versions[0].major = 9
    except dataclasses.FrozenInstanceError:
        failed = True
    print(cart.total, apple.tags, apple == pear, versions, failed, dataclasses.asdict(pear))


if __name__ == "__main__":
    main()
