"""`sys.modules` emptied and the dicts of the modules the interpreter runs on cleared."""

import sys


def work(n):
    items = []
    for i in range(n):
        items.append([i])
    return items


def main():
    modules = dict(sys.modules)
    sys.modules.clear()
    print(work(3), len(sys.modules))
    import keyword

    print(keyword.iskeyword("if"), sorted(sys.modules))
    sys.modules["os"] = None
    try:
        import os
    except ImportError as error:
        print(error)
    for name in ("os", "posixpath", "threading", "atexit", "json", "warnings", "codecs"):
        if name in modules and hasattr(modules[name], "__dict__"):
            modules[name].__dict__.clear()
    print(work(2))
    sys.modules = {}
    print(work(1))
    print("end")
    del sys.modules
    return work(2)


print(main())
