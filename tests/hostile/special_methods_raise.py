"""Every special method that a recorder might call raises."""


class Hostile:
    def _raise(self, *arguments):
        raise RuntimeError("called by a recorder")

    __repr__ = __str__ = __eq__ = __ne__ = __lt__ = __hash__ = __len__ = __bool__ = _raise
    __iter__ = __next__ = __getitem__ = __contains__ = __format__ = __bytes__ = _raise
    __reduce__ = __reduce_ex__ = __getstate__ = __copy__ = __deepcopy__ = __sizeof__ = _raise
    __int__ = __index__ = __float__ = __call__ = __dir__ = __enter__ = __exit__ = _raise
    __getattr__ = __instancecheck__ = _raise


def main():
    thing = Hostile()
    thing.name = "x"
    holder = {"thing": thing, "list": [thing, (thing,)]}
    thing.name = "y"
    holder["more"] = thing
    try:
        holder == {"thing": 1}
    except RuntimeError as error:
        print("own comparison:", error)
    return thing


print(type(main()).__name__)
