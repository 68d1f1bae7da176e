"""Dicts that are an instance's attributes, a namespace, or a value, and more than one of these."""


class Shared:
    together = {}

    def __init__(self):
        self.__dict__ = self.together


class Plain:
    pass


kept = {}


class Keeping(type):
    @classmethod
    def __prepare__(cls, name, bases):
        return kept


def instances_that_share():
    one, other = Shared(), Shared()
    one.x = 1
    seen = other.x
    other.y = 2
    seen = one.y
    third, fourth = Plain(), Plain()
    third.z = 1
    fourth.__dict__ = third.__dict__
    third.z = 2
    seen = fourth.z
    fourth.z = 3
    seen = third.z
    return seen


def attributes_as_a_value():
    plain = Plain()
    plain.a = 1
    held = plain.__dict__
    plain.b = 2
    held.clear()
    plain.c = 3
    size = len(held)
    del plain.__dict__
    size = len(held)
    plain.d = 4
    return size, held


def class_body_as_a_value():
    class Made(metaclass=Keeping):
        items = [1]

    size = len(kept)
    kept["more"] = 2
    size = len(kept)
    kept.clear()
    return size, Made.items


counter = 0


def globals_as_a_value():
    global counter
    names = globals()
    counter = 1
    names["counter"] = 2
    seen = counter
    names = None
    counter = 3
    seen = counter
    return seen, names


print(instances_that_share())
print(attributes_as_a_value())
print(class_body_as_a_value())
print(globals_as_a_value())
