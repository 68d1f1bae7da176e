"""Functions and classes with type parameters, and annotations."""

type Pairs[T] = list[tuple[T, T]]


def first[T](items: list[T], default: T | None = None) -> T | None:
    chosen: T | None = default
    for item in items:
        chosen = item
        break
    return chosen


class Box[T]:
    count: int = 0
    items: list[T]

    def __init__(self, item: T) -> None:
        self.items = [item]
        self.extra: dict[str, T] = {}

    def put(self, item: T) -> "Box[T]":
        self.items.append(item)
        self.extra[str(item)] = item
        return self


def main() -> None:
    box = Box(1).put(2)
    x: int
    y: list = [box]
    print(first([3, 4]), first([], "d"), box.items, box.extra, len(y))


if __name__ == "__main__":
    main()
