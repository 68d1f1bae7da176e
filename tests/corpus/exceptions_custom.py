"""A hierarchy of exceptions with attributes, notes, causes, contexts, and translation on the way."""


class StoreError(Exception):
    code = 1

    def __init__(self, message, **details):
        super().__init__(message)
        self.details = details

    def __str__(self):
        return f"[{self.code}] {super().__str__()}"


class Missing(StoreError, KeyError):
    code = 44


class Conflict(StoreError):
    code = 9

    def __init__(self, left, right):
        super().__init__("conflict", left=left, right=right)
        self.add_note(f"{left} against {right}")


def find(store, key):
    try:
        return store[key]
    except KeyError as error:
        raise Missing(f"no {key}", key=key) from error


def put(store, key, value):
    if key in store and store[key] != value:
        raise Conflict(store[key], value)
    store[key] = value


def transaction(store, steps):
    before = dict(store)
    done = []
    try:
        for step, *args in steps:
            done.append(step(store, *args))
    except StoreError as error:
        store.clear()
        store.update(before)
        error.details["done"] = len(done)
        raise
    return done


def attempt(*steps):
    store = {"a": 1}
    try:
        return transaction(store, steps), store
    except Missing as error:
        return str(error), error.details, type(error.__cause__).__name__, store
    except StoreError as error:
        return str(error), error.details, error.__notes__, error.__context__, store


print(attempt((put, "b", 2), (find, "b")))
print(attempt((put, "b", 2), (find, "c")))
print(attempt((put, "b", 2), (put, "a", 5)))
