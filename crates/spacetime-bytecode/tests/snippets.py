"""Functions whose facts the tests know. Compiled and run by make_fixtures.py.

A comment `#: ...` lists the sites expected on its line, in order, separated by `;`. In a function
that has such comments, every other line must have no site.
"""
import asyncio
from make_fixtures import Spy, aprobe, probe, raise_group


def stores(self, xs, d):
    self.a = 1  #: setattr a on self
    self.b.c = 2  #: setattr c on ? owner self
    del self.b.c  #: delattr c on ? owner self
    xs[0] = d  #: setitem on xs
    xs[1:2] = ()  #: setslice on xs
    del xs[0]  #: delitem on xs
    xs[0][1] = 5  #: setitem on ?
    self.__dict__["k"] = 1  #: dunder_dict on self; setitem on ? owner self
    d["a"], self.e = 1, 2  #: setitem on d; setattr e on self


def in_place(self, xs, n):
    xs += [1]  #: inplace on xs
    xs += [1]; xs = [2]  #: inplace on ?
    n += 1  #: inplace number on n
    xs *= 2  #: inplace number multiplies on xs
    self.total += n  #: inplace on ? owner self; setattr total on self
    self.total -= 1  #: inplace number on ? owner self; setattr total on self
    xs[0] += n  #: inplace on ?; setitem on xs
    return xs


def calls(self, xs, f, *args, **kwargs):
    xs.append(1)  #: call method append/1 on xs
    self.items.append(xs)  #: call method append/1 on ? owner self
    f(xs)  #: call slot f/1 on f
    len(xs)  #: call global len/1 on ?
    f()(1)  #: call slot f/0 on f; call other/1 on ?
    xs.extend(*args)  #: callex method extend/1 on xs
    f(*args, **kwargs)  #: callex slot f/2 on f
    print(xs, sep="", end="")  #: call global print/3 on ?
    xs.sort(key=f, reverse=True)  #: call method sort/2 on xs
    super(Spy, self).append(1)  #: call method append/1 on self
    xs = xs.copy()  #: call method copy/0 on ?
    (xs if f else self).append(1)  #: call method append/1 on ?
    xs.append(2 if f else 3)  #: call method append/1 on xs
    xs.pop(); (xs := [])  #: call method pop/0 on ?


def rebound_between(xs, ys):
    xs.append(  #: call method append/1 on ?
        (xs := ys)
    )
    ys.append(  #: call method append/1 on ys
        xs
    )


def fresh(xs):
    a = [1, 2, xs]
    b = {1: xs, **a}
    c = [*xs, 1]
    d = {x for x in xs}
    e = [x for x in xs if x]
    f = {x: 1 for x in xs}
    [1, 2][0] = 5
    a[0] = 5  #: setitem on a
    (g := [])[0] = 1  #: setitem on ?
    return b, c, d, e, f, g


def looping(xs, out):
    for x in xs:
        out.append(x)  #: call method append/1 on out
        if x:
            x.seen = True  #: setattr seen on x
            continue
        out.append(x if out else None)  #: call method append/1 on out
    while out:
        out.pop()  #: call method pop/0 on out


def escaping(xs, ys):
    add = xs.append
    list(map(xs.extend, ys))  #: call global map/2 on ?; call global list/1 on ?
    ys.sort(key=xs.index)  #: call method sort/1 on ys
    n = ys.real.imag
    if xs.flag:
        pass
    return add


def cells(xs):
    def inner():
        nonlocal xs
        xs.append(1)
        xs = [2]
    xs.append(1)  #: call method append/1 on xs
    xs[0] = 1  #: setitem on xs
    xs += [1]  #: inplace on xs
    return inner


def exceptions(xs):
    try:
        xs.append(1)  #: call method append/1 on xs
    except (ValueError, KeyError) as error:
        xs.append(error)  #: call method append/1 on xs
    except TypeError:
        raise
    finally:
        xs.clear()  #: call method clear/0 on xs; call method clear/0 on xs


def one_line_loops(n):
    while n: n -= 1
    for i in range(3): n += i
    total = [a
             for a in range(n)]
    return [i for i in range(n)], total


def probing(n):
    a = [probe(), n, [1, n, probe()]]
    for i in range(3):
        b = a if probe() else [probe() for _ in range(2)]
        with Spy() as spy, Spy():
            probe(1, [probe()])
            try:
                try:
                    if i:
                        probe() + {1: probe()}
                finally:
                    probe(2)
            except TypeError as error:
                probe(error, probe())
                continue
            else:
                probe()
    try:
        probe(raise_group())
    except* ValueError as group:
        probe(group)
    except* KeyError:
        probe([probe()])
    finally:
        probe()
    match a:
        case [None, int() as x, [1, *rest]] if not probe():
            probe(x, *[probe(*rest)])
        case {"k": v}:
            probe(v)
    while probe() is None and n > 0:
        n -= probe(1) or 1
        assert probe() is None, probe()
    return f"{probe()}{n!r:{probe() or 3}}", lambda: probe()


def generating(n):
    for i in range(n):
        got = [probe(), (yield i), probe()]
        yield from [probe(), 1]
    return [x for x in got] if n < 0 else probe()


def delegating(n):
    probe((yield from generating(n)), probe())
    yield {k: probe() for k in (lambda: [probe()])()}


async def awaiting(n):
    probe(await aprobe(), await aprobe())
    async with Spy() as spy:
        probe([await aprobe(), probe()])
    async for x in spy:
        probe(x)
    return [probe() async for x in spy] + [await aprobe() for _ in range(n)] + [x async for x in spy if probe() is None]


class Body:
    x = [probe() for _ in range(2)]
    if probe() is None:
        y: int = 1

    @staticmethod
    def f():
        return probe()
    for z in x:
        probe()


def spying(spy, other):
    spy.a = 1
    spy.a = probe()
    [1, other][1].b = 2
    spy[0] = other
    spy[1:2] = other
    del spy[0]
    del other.a
    spy += 1
    spy.a += 2
    other[probe()] += [probe()]
    for i in range(2):
        spy[i] = [other, 1]
        with other:
            other[i if i else 2] = spy
    [3, 1, 2].sort(key=spy.key)
    return [spy, 3, spy.method(other, other.method(1))]


def keyword_only(a, /, b, *, c=1, **rest):
    def inner():
        return a, c, rest
    b = (lambda: b)()
    return [a for b in inner()]


def unbinding(x):
    for y in x:
        del x
        x = y
    a = b = c = x
    (d, *e), f = x, (a, b)
    global written_global
    written_global = c
    import os.path as path
    from os import sep, path as g
    with x as h, x as (i, j):
        pass
    try:
        return [k := x for l in x for m in l]
    except Exception as n:
        return [lambda: o for o in x]
    del a, b


def run():
    """Runs the functions that make observations."""
    probing(3)
    list(delegating(2))
    asyncio.run(awaiting(2))
    spying(Spy(), Spy())
    Body.f()
