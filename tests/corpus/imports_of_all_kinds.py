"""Imports under conditions, in functions, with aliases, star imports, fallbacks, and by name."""

import sys

if sys.version_info >= (3, 13):
    from os import process_cpu_count as cpus
else:
    from os import cpu_count as cpus

try:
    import not_a_module_at_all as fast
except ImportError as error:
    import json as fast

    missing = error.name

from collections import *
from collections import abc as abstract
from math import floor, pi as π


def lazily(name):
    global string
    import string
    import xml.sax.saxutils as saxutils
    from importlib import import_module

    module = import_module(name)
    return saxutils.escape("<"), module.__name__, string.digits[:3]


class Tools:
    from operator import add, mul as times
    import bisect

    def find(self, items, item):
        return self.bisect.bisect(items, item)


def fake(name):
    module = type(sys)(name)
    exec("__all__ = ['visible']\nvisible = hidden = 1", module.__dict__)
    sys.modules[name] = module
    try:
        names = {}
        exec(f"from {name} import *", names)
        import corpus_fake as found

        return sorted(key for key in names if key[0] != "_"), found is module
    finally:
        del sys.modules[name]


print(fast.__name__, missing, OrderedDict.__name__, abstract.Sized.__name__, floor(π), callable(cpus))
print(lazily("xml.dom"), string.__name__, Tools.times(2, 3), Tools().find([1, 3], 2), fake("corpus_fake"))
