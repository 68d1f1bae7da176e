"""Shallow and deep copies against aliases."""

import copy


class Doc:
    def __init__(self):
        self.lines = [["a"], ["b"]]
        self.self = self


def main():
    doc = Doc()
    shallow = copy.copy(doc)
    deep = copy.deepcopy(doc)
    doc.lines[0].append("x")
    doc.lines.append([])
    shallow.lines[1] = shallow
    nested = {"k": [1, [2]]}
    flat = dict(nested)
    full = copy.deepcopy(nested)
    nested["k"][1].append(3)
    nested["k"] = None
    print(len(doc.lines), deep.self is deep, len(deep.lines), flat, full)


if __name__ == "__main__":
    main()
