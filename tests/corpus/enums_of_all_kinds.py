"""Enums: plain, int, str, flags, with methods and with mutable values."""

import enum


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 5


class Mode(enum.StrEnum):
    READ = enum.auto()
    WRITE = enum.auto()


class Right(enum.Flag):
    LOOK = 1
    TOUCH = 2
    ALL = LOOK | TOUCH


class Bits(enum.IntFlag):
    A = 1
    B = 4


class Planet(enum.Enum):
    EARTH = (5.9, 6.3)
    MARS = (0.6, 3.4)

    def __init__(self, mass, radius):
        self.mass = mass
        self.radius = radius
        self.visits = []

    def visit(self, who):
        self.visits.append(who)
        return len(self.visits)


def grant(rights, right):
    rights |= right
    return rights


levels = {Level.LOW: "calm", Level.HIGH: "storm"}
level = Level(5)
mode = Mode.WRITE
rights = grant(Right(0), Right.TOUCH)
rights = grant(rights, Right.LOOK)
bits = Bits.A | Bits.B | 8
for who in ("ann", "bob"):
    n = Planet.MARS.visit(who)
worlds = list(Planet)
print(levels[level], mode, rights, int(bits), n, [world.visits for world in worlds])
