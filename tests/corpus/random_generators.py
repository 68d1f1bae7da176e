"""Random generators: each draw changes the state, whichever method draws."""

import random
from random import Random


class Dice(Random):
    def roll(self, sides=6):
        return self.randrange(sides) + 1


def draw(generator, n):
    drawn = []
    for _ in range(n):
        drawn.append(generator.random())
    return drawn


def main():
    generator = random.Random(7)
    alias = generator
    draw(generator, 3)
    state = alias.getstate()
    generator.getrandbits(8)
    generator.gauss(0, 1)
    items = [1, 2, 3, 4]
    alias.shuffle(items)
    generator.setstate(state)
    once = generator.random
    once()
    generator.seed(7)
    dice = Dice(1)
    rolled = [dice.roll() for _ in range(3)]
    picked = dice.choice(items), dice.sample(items, 2), dice.uniform(1, 2)
    return rolled, picked, draw(alias, 1)


print(main())
