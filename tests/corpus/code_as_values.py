"""Code objects, and functions that look things up: held in variables, compared, made again."""

import operator


def outer(a, /, b, *rest, key=1, **others):
    """Has everything that code can have."""
    total = a + b

    def inner(c):
        return total + c

    return inner


def replaced(x):
    return x + 1


def held():
    code = outer.__code__
    inner = next(item for item in code.co_consts if hasattr(item, "co_code"))
    made = compile("[n * 2 for n in range(3)]", "made.py", "eval")
    renamed = made.replace(co_name="renamed")
    same = renamed == made
    codes = [code, inner, made]
    codes.append(codes.pop(0))
    codes[0] = renamed
    value = eval(renamed)
    return codes, value, same


def swapped():
    old = replaced.__code__
    replaced.__code__ = (lambda x: x - 1).__code__
    new = replaced.__code__
    result = replaced(1)
    replaced.__code__ = old
    return new.co_firstlineno < old.co_firstlineno, result


def getters():
    rows = [(2, "b", [1]), (1, "a", [2])]
    first = operator.itemgetter(0)
    both = operator.itemgetter(1, 2)
    one_tuple = operator.itemgetter((1, 2))
    rows.sort(key=first)
    taken = [both(row) for row in rows]
    taken[0][1].append(3)
    found = one_tuple({(1, 2): "x"})
    attributes = operator.attrgetter("real", "real.imag")
    parts = attributes(5)
    argument = ["a"]
    method = operator.methodcaller("count", argument)
    argument.append("b")
    n = method([argument, argument])
    split = operator.methodcaller("split", sep=",")
    words = split("a,b")
    return found, parts, n, words


def bound():
    numbers = [1]
    n_numbers = numbers.__len__
    put = numbers.__setitem__
    put(0, 5)
    numbers.append(2)
    return n_numbers(), put


codes, value, same = held()
print(value, same, len(codes))
print(swapped())
print(getters())
print(bound()[0])
