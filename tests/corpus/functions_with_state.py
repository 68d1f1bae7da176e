"""Functions that hold something: cells shared by two of them, defaults that grow, attributes."""

import functools


def account(balance):
    log = []

    def deposit(amount):
        nonlocal balance
        balance += amount
        log.append(amount)
        return balance

    def undo():
        nonlocal balance
        balance -= log.pop()
        return balance

    return deposit, undo


def remember(item, seen=[], *, total={"n": 0}):
    seen.append(item)
    total["n"] += 1
    return len(seen)


def counted(function):
    @functools.wraps(function)
    def wrapper(*args):
        wrapper.calls += 1
        return function(*args)

    wrapper.calls = 0
    return wrapper


@counted
def double(x):
    return 2 * x


def adders():
    made = []
    for n in range(3):
        made.append(lambda x, n=n: x + n)
    late = [lambda x: x + n for n in range(3)]
    return made, late


deposit, undo = account(10)
deposit(5)
deposit(7)
undo()
for item in "ab":
    n_seen = remember(item)
double(double(3))
made, late = adders()
results = [function(1) for function in made + late]
double.note = ["kept"]
double.note.append("changed")
remember.__defaults__ = (["new"],)
n_seen += remember("c")
print(deposit(1), n_seen, double.calls, results, double.note)
