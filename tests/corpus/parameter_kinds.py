"""All five kinds of parameters, with defaults and unpacked calls."""


def everything(a, b=2, /, c=3, *rest, d, e=5, **others):
    total = a + b + c + d + e
    rest = rest + (total,)
    others["seen"] = rest
    return total, rest, others


def keyword_only(*, left, right=None):
    right = right or []
    right.append(left)
    return right


def positional_only(x, y, /):
    x += y
    return x


def main():
    print(everything(1, d=4))
    print(everything(1, 2, 3, 4, 5, d=6, e=7, f=8, g=[9]))
    args, kwargs = [1, 2], {"d": 10, "z": {"k": "v"}}
    print(everything(*args, **kwargs))
    print(keyword_only(left=1), keyword_only(left=2, right=[0]))
    print(positional_only(3, 4))
    try:
        keyword_only(1)
    except TypeError as error:
        print(type(error).__name__)


if __name__ == "__main__":
    main()
