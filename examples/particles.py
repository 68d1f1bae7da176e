"""Particles in a box, one of which turns around in mid-air.

Look at `particles` in any state of `simulate`: each object is shown with its identity, and two of
the velocities have the same one.
"""

from dataclasses import dataclass

WIDTH = 20.0
FLOOR = 0.0
GRAVITY = -1.0
TIME_STEP = 0.25


@dataclass
class Vector:
    """A point or a velocity in the plane."""

    x: float
    y: float

    def add(self, other: "Vector", scale: float = 1.0) -> None:
        """Move this vector by another one, in place."""
        self.x += other.x * scale
        self.y += other.y * scale


class Particle:
    """A point with a velocity and a count of the walls it has met."""

    def __init__(self, name: str, position: Vector, velocity: Vector) -> None:
        self.name = name
        self.position = position
        self.velocity = velocity
        self.bounces = 0

    def step(self) -> None:
        """Fall and fly for one time step, and bounce off what is in the way."""
        self.velocity.y += GRAVITY * TIME_STEP
        self.position.add(self.velocity, TIME_STEP)
        if self.position.y < FLOOR:
            self.position.y = FLOOR - self.position.y
            self.velocity.y = -self.velocity.y
            self.bounces += 1
        if not 0.0 <= self.position.x <= WIDTH:
            self.position.x = min(max(self.position.x, 0.0), WIDTH)
            self.velocity.x = -self.velocity.x
            self.bounces += 1


def launch() -> list[Particle]:
    """Three particles, the last two of them with equal velocities."""
    drift = Vector(3.0, 0.0)
    return [
        Particle("left", Vector(2.0, 8.0), Vector(-1.5, 2.0)),
        Particle("middle", Vector(10.0, 6.0), drift),
        Particle("right", Vector(17.0, 6.0), drift),
    ]


def simulate(particles: list[Particle], steps: int) -> None:
    """Let all particles fly for a number of time steps."""
    for _ in range(steps):
        for particle in particles:
            particle.step()


def main() -> None:
    """Run the simulation and say where everything is."""
    particles = launch()
    simulate(particles, steps=40)
    for particle in particles:
        position = particle.position
        print(
            f"{particle.name:>6}: x {position.x:6.2f}, y {position.y:6.2f}, "
            f"{particle.bounces} bounces"
        )


main()
