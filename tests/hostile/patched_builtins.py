"""Builtins replaced by functions that count, raise or lie."""

import builtins
import sys

counts = {}


def patched(name):
    original = getattr(builtins, name)

    def replacement(*arguments, **options):
        counts[name] = counts.get(name, 0) + 1
        return original(*arguments, **options)

    return replacement


def raising(*arguments, **options):
    raise RuntimeError("patched")


def work(n):
    total = 0
    for i in range(n):
        total += i
    items = [total]
    items.append(len(items))
    return items


originals = dict(vars(builtins))
for name in ("len", "repr", "id", "type", "isinstance", "hash", "iter", "next", "getattr", "str"):
    setattr(builtins, name, patched(name))
first = work(5)
for name in ("repr", "id", "hash", "open", "compile", "exec", "sorted", "issubclass", "callable"):
    setattr(builtins, name, raising)
second = work(6)
sys.getsizeof = sys._getframe = raising
third = work(7)
vars(builtins).update(originals)
print(first, second, third, counts)
