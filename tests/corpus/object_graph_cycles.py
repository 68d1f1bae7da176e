"""Objects that refer to each other in cycles, edges cut and joined."""


class Person:
    def __init__(self, name):
        self.name = name
        self.friends = []
        self.best = None

    def meet(self, other):
        self.friends.append(other)
        other.friends.append(self)


class Team:
    def __init__(self, *people):
        self.people = {person.name: person for person in people}
        for person in people:
            person.team = self


def main():
    ann, bob, cid = Person("ann"), Person("bob"), Person("cid")
    ann.meet(bob)
    bob.meet(cid)
    ann.best, bob.best = bob, ann
    team = Team(ann, bob)
    loop = [team]
    loop.append(loop)
    table = {"self": None, "loop": loop}
    table["self"] = table
    bob.friends.remove(ann)
    del team.people["ann"]
    ann.team = None
    cid.best = cid
    print(len(loop), [p.name for p in bob.friends], list(team.people))


if __name__ == "__main__":
    main()
