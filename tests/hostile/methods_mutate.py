"""What a recorder could call changes what it would show."""

log = []


class Mutating(dict):
    def __repr__(self):
        self["repr"] = True
        log.append("repr")
        return "mutating"

    def __eq__(self, other):
        self.clear()
        log.append("eq")
        return True

    __hash__ = None

    def __iter__(self):
        self["iter"] = True
        log.append("iter")
        return super().__iter__()

    def keys(self):
        log.append("keys")
        self.clear()
        return super().keys()

    def items(self):
        log.append("items")
        self.clear()
        return super().items()


class MutatingList(list):
    def __iter__(self):
        log.append("list iter")
        self.append("iterated")
        return super().__iter__()

    def __len__(self):
        log.append("list len")
        self.append("measured")
        return 0

    def __getitem__(self, index):
        log.append("list item")
        return 0


def main():
    mapping = Mutating(a=1)
    items = MutatingList([1, 2])
    for n in range(3):
        mapping[n] = items
        list.append(items, n)
    return dict.__len__(mapping), list.__len__(items)


print(main(), log)
