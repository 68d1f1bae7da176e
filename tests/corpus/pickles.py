"""Round trips through pickle: state hooks, reduce, cycles, shared parts, persistent ids, refusal."""

import copyreg
import io
import pickle
from collections import OrderedDict, deque
from datetime import date
from fractions import Fraction


class Pickler(pickle.Pickler):
    def persistent_id(self, value):
        return "shared" if value is SHARED else None


class Unpickler(pickle.Unpickler):
    def persistent_load(self, key):
        return {"shared": SHARED}[key]


SHARED = {"big": "table"}


class Log(Exception):
    pass


def through_memory(value):
    file = io.BytesIO()
    Pickler(file).dump(value)
    file.seek(0)
    return Unpickler(file).load()


def round_trip(value, protocol=None):
    data = pickle.dumps(value, protocol)
    twin = pickle.loads(data)
    return twin, twin == value


def cycles():
    row = [1]
    table = {"row": row, "rows": (row, row)}
    table["self"] = table
    row.append(table)
    twin = pickle.loads(pickle.dumps(table))
    return twin["self"] is twin, twin["rows"][0] is twin["row"], twin["row"][1] is twin


def reduced_fraction(fraction):
    return Fraction, (fraction.numerator + 1, fraction.denominator)


copyreg.pickle(Fraction, reduced_fraction)
print(round_trip(Fraction(1, 3)), cycles())
del copyreg.dispatch_table[Fraction]
print(round_trip([date(2024, 1, 2), deque("ab", 3), OrderedDict(x={1})]), round_trip({0: b"x"}, 0))
value = through_memory([SHARED, {"t": SHARED}, (1, 2)])
print(value[0] is SHARED, value[1]["t"] is value[0], value[2])
try:
    pickle.dumps(lambda: 0)
except (pickle.PicklingError, AttributeError):
    print("refused")
