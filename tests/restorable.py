"""Classes and functions whose values `test_restoring` restores.

Imported by the program that records them and, as `CHANGED` in the environment says, with some of
them changed by the process that restores them.
"""

# ruff: noqa
# mypy: ignore-errors

import array
import asyncio
import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import io
import math
import operator
import os
import pathlib
import re
import threading
import types
import typing
import uuid
import weakref
from collections import *
from random import Random

try:
    import attrs
    import pydantic
except ImportError:
    attrs = pydantic = None


class Point:
    def __init__(self, x, y):
        self.x, self.y = x, y
        self.made = True

    def __setattr__(self, name, value):
        if "made" in self.__dict__:
            raise AttributeError("frozen")
        object.__setattr__(self, name, value)

    def length(self):
        return math.hypot(self.x, self.y)

    @classmethod
    def origin(cls):
        return cls(0, 0)


class Dice(Random):
    sides = 6


class Slotted:
    __slots__ = ("a", "__hidden")

    def __init__(self, a, hidden=None):
        self.a = a
        if hidden is not None:
            self.__hidden = hidden


class Both(Slotted):
    __slots__ = ("c", "__dict__")


class Key:
    """Hashed and compared by what it holds."""

    def __init__(self, name, rest=None):
        self.rest, self.name = rest, name

    def __hash__(self):
        return hash((self.name, self.rest and tuple(self.rest.items())))

    def __eq__(self, other):
        return type(other) is Key and self.name == other.name

    def __repr__(self):
        raise RuntimeError("never asked")


@dataclasses.dataclass(frozen=True)
class Frozen:
    a: int
    b: list


@dataclasses.dataclass(slots=True)
class Packed:
    a: int
    b: object = None


class Pair(typing.NamedTuple):
    left: object
    right: object = 2


Old = namedtuple("Old", "x y")


class Named(Old):
    def __new__(cls, *args):
        self = Old.__new__(cls, *args)
        self.note = []
        return self


class Color(enum.Enum):
    RED = 1
    GREEN = [2]


class Level(enum.IntEnum):
    LOW = 3


class Way(enum.Flag):
    IN = 1
    OUT = 2


class Mode(enum.StrEnum):
    FAST = "fast"


class Stack(list):
    __slots__ = ("limit",)


class Table(dict):
    def __setitem__(self, key, value):
        raise RuntimeError("never asked")


class Bag(set):
    pass


class Still(frozenset):
    pass


class Line(tuple):
    pass


class Ring(deque):
    pass


class Metres(float):
    def __new__(cls, value, unit="m"):
        self = float.__new__(cls, value)
        self.unit = unit
        return self


class Big(int):
    pass


class Word(str):
    pass


class Raw(bytes):
    pass


class Money(decimal.Decimal):
    pass


class Day(datetime.date):
    pass


class Blob(bytearray):
    pass


class Failure(Exception):
    def __init__(self, code, *, hint):
        super().__init__(f"failed with {code}")
        self.code, self.hint = code, hint


class Inner:
    class Deep:
        pass


def with_attributes(**attributes):
    def made(kind, *args):
        found = kind(*args)
        for name, value in attributes.items():
            setattr(found, name, value)
        return found

    return made


class Written(io.BytesIO):
    def __setstate__(self, state):
        raise RuntimeError("never asked")


def written(file, contents, position):
    file.write(contents)
    file.seek(position)
    file.note = [position]
    return file


def closed(file):
    file.close()
    return file


def caught(function, *args):
    try:
        function(*args)
    except BaseException as error:
        return error


def chained():
    try:
        try:
            {}["a"]
        except KeyError as error:
            raise Failure(3, hint=["x"]) from error
    except Failure as error:
        return error


def silenced():
    try:
        try:
            int("x")
        except ValueError:
            raise OSError(2, "none", "f.txt") from None
    except OSError as error:
        return error


def counter(start=0, *, step=1):
    def count():
        nonlocal start
        start += step
        return start

    return count


def recursive():
    def down(n):
        return down(n - 1) if n else 0

    return down


def noted(function):
    @functools.wraps(function)
    def wrapper(*args):
        return function(*args)

    return wrapper


@noted
def doubled(x):
    return 2 * x


class Command:
    def __init__(self, callback):
        self.callback = callback


@Command
def hidden(x, y=[1]):
    return x


@Command
@noted
def hidden_and_wrapped(x):
    return x


@noted
@noted
def wrapped_twice(x):
    return x


class Sized:
    @property
    def size(self):
        return 1

    @size.setter
    def size(self, value):
        pass


def defined_twice():
    return 1


first_defined = defined_twice


def defined_twice():
    return 2


def by_default(function):
    @functools.wraps(function)
    def wrapper(x=None):
        return wrapper.__wrapped__(x)

    del wrapper.__wrapped__
    return wrapper


def given_away(x=None):
    return x


wrapper_of_given = by_default(given_away)


def of_no_module(text):
    """What `text` defines as `made`, with globals that have no name."""
    namespace = {"held": [1]}
    exec(text, namespace)
    namespace["__builtins__"] = {"len": len}
    return namespace["made"]


def renamed(name):
    def made():
        return name

    made.__qualname__ = "plain"
    return made


def plain(a, b=[1], *, c=()):
    return a


@functools.lru_cache
def cached(x):
    return x


def local_class():
    class Local:
        pass

    return Local


def local_pair(*args):
    return collections.namedtuple("LocalPair", "left right")(*args)


def pair_class(defaults=None, **members):
    """A class that no import finds, with members changed."""
    made = collections.namedtuple("MadePair", "left right", defaults=defaults)
    for name, value in members.items():
        setattr(made, name, value)
    return made


def with_default(kind):
    kind.__new__.__defaults__ = (1,)
    return kind


def lambdas():
    return [lambda: 1, lambda: 2]


# What the process that restores finds changed.
is_changed = "CHANGED" in os.environ


class Gone:
    pass


gone_at_first = Gone
if is_changed:
    del Gone


class Emptied:
    __slots__ = () if is_changed else ("x",)

    def made(self):
        self.x = 1
        return self


class GonePair(namedtuple("GonePair", "left right")):
    def swapped(self):
        return self.right, self.left


gone_pair = GonePair
if is_changed:
    del GonePair


Refielded = namedtuple("Refielded", "a c" if is_changed else "a b")


class Shade(enum.Enum):
    DARK = 2 if is_changed else 1


def replaced(a, b=1):
    pass


if is_changed:

    def replaced(a):
        pass


class Raising:
    def __hash__(self):
        return 1 // (not is_changed)


class Ignored:
    pass


if attrs and pydantic:

    @attrs.define
    class Cat:
        name: str
        toys: list = attrs.field(factory=list)

    class Model(pydantic.BaseModel):
        count: int
        names: list[str] = []


T = typing.TypeVar("T")


class Generic(typing.Generic[T]):
    def __init__(self, held):
        self.held = held


type Alias = int
double = lambda x, k=[2]: k
