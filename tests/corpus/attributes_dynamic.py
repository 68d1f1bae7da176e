"""Attributes through setattr, __dict__, vars, update and delattr; many attributes."""


class Record:
    kind = "class attribute"


def main():
    r = Record()
    r.first = [1]
    setattr(r, "second", r.first)
    r.__dict__["third"] = {"in": "dict"}
    vars(r).update(fourth=4, fifth=(5, [5]))
    r.fifth[1].append("x")
    delattr(r, "first")
    r.kind = "own"
    for i in range(40):
        setattr(r, f"a{i}", i)
    for i in range(0, 40, 2):
        delattr(r, f"a{i}")
    names = r.__dict__
    names["late"] = names
    other = Record()
    other.__dict__ = {"swapped": r.second}
    other.swapped.append(2)
    other.more = 1
    print(r.second, len(vars(r)), other.__dict__, Record.kind)


if __name__ == "__main__":
    main()
