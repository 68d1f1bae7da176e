"""Functions that `exec` made in a namespace without a name: code and globals are all they have."""

SOURCE = '''
def count(by=1):
    global total
    total += by
    log.append(total)
    return total

def outer(start):
    def inner(x):
        return start + x + len(log)
    return inner
'''


def made():
    namespace = {"total": 0, "log": [], "__builtins__": {"len": len}}
    exec(SOURCE, namespace)
    return namespace


def used(n):
    count = made()["count"]
    for _ in range(n):
        count()
    count.note = ["a"]
    count(5)
    count.__globals__["log"] = [count]
    last = count.__globals__["total"]
    return last


def closed_over():
    namespace = made()
    inner = namespace["outer"](3)
    first = inner(1)
    namespace["log"].append(0)
    second = inner(1)
    inner.__code__ = namespace["outer"](4).__code__
    del namespace
    return first, second


print(used(2))
print(closed_over())
