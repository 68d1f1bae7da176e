"""The operator module in tables and pipelines: getters, callers, in-place, arithmetic by name."""

import operator
from operator import attrgetter, itemgetter, methodcaller

OPERATIONS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "^": pow}


def rpn(text):
    stack = []
    for word in text.split():
        if word in OPERATIONS:
            right, left = stack.pop(), stack.pop()
            stack.append(OPERATIONS[word](left, right))
        else:
            stack.append(float(word))
    return stack.pop()


class City:
    def __init__(self, name, size, mayor=None):
        self.name, self.size, self.mayor = name, size, mayor

    def grown(self, by, times=1):
        return self.size + by * times


def in_place():
    items, number = [1], 5
    items = operator.iadd(items, [2])
    operator.setitem(items, 0, "first")
    operator.iconcat(items, (3,))
    number = operator.ior(number, 2)
    operator.delitem(items, 1)
    return items, number


cities = [City("b", 5), City("a", 5, City("x", 0)), City("c", 1)]
print(rpn("3 4 + 2 *"), rpn("2 3 ^ 4 - 2 /"))
print([city.name for city in sorted(cities, key=attrgetter("size", "name"))])
print(attrgetter("mayor.name")(cities[1]), list(map(methodcaller("grown", 2, times=3), cities)))
print(itemgetter(1, -1)("hello"), sorted({"x": 2, "y": 1}.items(), key=itemgetter(1)), in_place())
print(operator.contains([1], 1), operator.countOf("banana", "a"), operator.length_hint(iter([1, 2])))
