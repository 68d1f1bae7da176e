"""PEP 695: generic functions, classes and aliases, bounds, and what they know at run time."""

from collections.abc import Callable, Sequence

type Pair[A] = tuple[A, A]
type Tree[T] = T | list[Tree[T]]
type Handler[**P, R] = Callable[P, R]


def first[T: object](items: Sequence[T], default: T | None = None) -> T | None:
    return items[0] if items else default


def apply[**P, R](function: Callable[P, R], *args: P.args, **options: P.kwargs) -> list[R]:
    return [function(*args, **options) for _ in range(2)]


class Stack[T: (int, str)]:
    limit: int = 2

    def __init__(self, *items: T) -> None:
        self.items = list(items)

    def push(self, item: T) -> "Stack[T]":
        if len(self.items) < self.limit:
            self.items.append(item)
        return self

    def mapped(self, function: Callable[[T], str]) -> "Stack[str]":
        return Stack(*map(function, self.items))


class Numbers(Stack[int]):
    limit = 3

    @classmethod
    def of(cls, *numbers: int) -> "Numbers":
        return cls(*numbers)


def leaves[T](tree: Tree[T]) -> list[T]:
    if isinstance(tree, list):
        return [leaf for part in tree for leaf in leaves(part)]
    return [tree]


def parameters(thing):
    return [(p.__name__, getattr(p, "__bound__", None)) for p in thing.__type_params__]


print(first([3]), first([], "none"), apply(max, 1, 5, key=lambda n: -n))
stack = Stack(1).push(2).push(3)
print(stack.items, stack.mapped(str).items, Numbers.of(1, 2).push(3).items)
print(leaves([1, [2, [3]]]), Pair.__value__, Pair[int].__args__, parameters(Handler), parameters(first))
print(Stack[int].__origin__ is Stack, Numbers.__orig_bases__[0].__args__, Stack.__type_params__[0].__constraints__)
