"""Particles that move, bounce and merge; objects in a list changed by methods."""


class Particle:
    def __init__(self, x, speed, mass=1.0):
        self.x, self.speed, self.mass = x, speed, mass

    def move(self, dt):
        self.x += self.speed * dt
        if self.x < 0:
            self.x, self.speed = -self.x, -self.speed

    def merge(self, other):
        mass = self.mass + other.mass
        self.speed = (self.speed * self.mass + other.speed * other.mass) / mass
        self.mass = mass


def simulate(particles, steps):
    for _ in range(steps):
        for particle in particles:
            particle.move(0.5)
        particles.sort(key=lambda p: p.x)
        for left, right in list(zip(particles, particles[1:])):
            if right in particles and left in particles and right.x - left.x < 0.2:
                left.merge(right)
                particles.remove(right)
    return particles


def main():
    particles = [Particle(float(i), 1.5 - i) for i in range(4)]
    first = particles[0]
    left = simulate(particles, 4)
    print(len(left), round(first.x, 3), first.mass)


if __name__ == "__main__":
    main()
