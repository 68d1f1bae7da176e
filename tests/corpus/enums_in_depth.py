"""Enums with values, methods, aliases, flags combined and taken apart, auto and custom starts."""

from enum import Enum, Flag, IntEnum, IntFlag, StrEnum, auto, unique


class Planet(Enum):
    EARTH = (6.0, 6.4)
    MARS = (0.6, 3.4)
    TERRA = (6.0, 6.4)

    def __init__(self, mass, radius):
        self.mass, self.radius = mass, radius
        self.visits = []

    @property
    def gravity(self):
        return round(self.mass / self.radius**2, 3)

    @classmethod
    def heaviest(cls):
        return max(cls, key=lambda planet: planet.mass)


class Access(Flag):
    READ = auto()
    WRITE = auto()
    RUN = auto()
    ALL = READ | WRITE | RUN


class Level(IntEnum):
    LOW = 1
    HIGH = 10

    @classmethod
    def _missing_(cls, value):
        return cls.HIGH if value > 5 else None


@unique
class Word(StrEnum):
    YES = auto()
    NO = "nope"


class Bits(IntFlag):
    A, B = 1, 4


def allowed(access):
    names = [flag.name for flag in Access if flag in access]
    return names, Access.WRITE in access, ~access & Access.ALL


Planet.MARS.visits.append("rover")
print(Planet.TERRA is Planet.EARTH, Planet.heaviest().gravity, Planet((0.6, 3.4)).visits)
print(list(Planet.__members__), [planet.name for planet in Planet])
print(allowed(Access.READ | Access.RUN), allowed(Access.ALL ^ Access.READ))
print(Level(7), Level.LOW + 1, Level.HIGH > 5, sorted([Level.HIGH, 3, Level.LOW]))
print(Word.YES + Word.NO, Word("nope"), Bits.A | Bits.B | 8, Bits(5))
try:
    Level(3)
except ValueError as error:
    print(error)
