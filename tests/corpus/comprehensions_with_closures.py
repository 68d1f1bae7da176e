"""Functions made in comprehensions: what they close over, and when they look at it."""


def adders(n):
    late = [lambda x: x + i for i in range(n)]
    early = [lambda x, k=k: x + k for k in range(n)]
    return [f(10) for f in late], [f(10) for f in early]


def counters(names):
    def make(name):
        count = 0

        def step():
            nonlocal count
            count += 1
            return f"{name}{count}"

        return step

    return {name: make(name) for name in names}


def shared_list(n):
    log = []
    writers = [lambda value, at=at: log.append((at, value)) or len(log) for at in range(n)]
    lengths = [write(at * at) for at, write in enumerate(writers)]
    return log, lengths


def outer_name():
    x = "outer"
    inner = [x for x in range(3)]
    nested = [[x + y for y in range(2)] for x in (10, 20)]
    return x, inner, nested


print(adders(3))
steps = counters("ab")
print(steps["a"](), steps["a"](), steps["b"]())
print(shared_list(3))
print(outer_name())
