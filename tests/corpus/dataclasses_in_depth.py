"""Dataclasses: frozen, slots, factories, InitVar, ordering, replace, inheritance, post-init."""

from dataclasses import KW_ONLY, InitVar, asdict, astuple, dataclass, field, fields, replace


@dataclass
class Item:
    name: str
    price: float = 1.0
    tags: list[str] = field(default_factory=list)
    _: KW_ONLY
    hidden: bool = field(default=False, repr=False, compare=False)


@dataclass
class Order(Item):
    items: list[Item] = field(default_factory=list)
    discount: InitVar[float] = 0.0
    total: float = field(init=False)

    def __post_init__(self, discount):
        self.total = sum(item.price for item in self.items) * (1 - discount)
        self.tags.append(self.name)


@dataclass(frozen=True, order=True, slots=True)
class Version:
    major: int
    minor: int = 0
    label: str = field(default="", compare=False)

    def bumped(self):
        return replace(self, minor=self.minor + 1)


@dataclass(eq=False, repr=False)
class Node:
    value: int
    next: "Node | None" = None


def main():
    order = Order("o", items=[Item("a", 2.0), Item("b", hidden=True)], discount=0.5)
    version = Version(1, 2, "x")
    versions = sorted([Version(2), version.bumped(), version])
    try:
        version.major = 5
    except AttributeError as error:
        problem = type(error).__name__
    node = Node(1)
    node.next = Node(2, node)
    same = Item("a", 2.0) == order.items[0], Item("a") == order.items[0], node == Node(1)
    order.items[0].tags += ["late"]
    return order, asdict(order)["items"][0], astuple(version), versions, problem, same, node.next.value


for part in main():
    print(part)
print([f.name for f in fields(Order)], {Version(1, 2): "one"}[Version(1, 2, "other")])
