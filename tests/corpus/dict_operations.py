"""Dicts changed every way: order, replaced values, keys of many types, deletion while listing."""


def main():
    d = {}
    d["b"] = 1
    d["a"] = 2
    d["b"] = 3
    del d["b"]
    d["b"] = [4]
    d[1], d[1.5], d[None], d[True] = "int", "float", "none", "true"
    d[(1, "t")] = {"inner": d}
    d[frozenset({1, 2})] = b"bytes"
    for key in list(d):
        if isinstance(key, str):
            d[key + "!"] = d.pop(key)
    keys = list(d.keys())
    merged = {"x": 1} | {"y": [2]}
    merged |= [("z", 3)]
    copy = merged.copy()
    copy["y"].append("shared")
    copy["x"] = "own"
    many = {i: -i for i in range(40)}
    for i in range(0, 40, 3):
        del many[i]
    many[0] = "again"
    d.clear()
    print(len(keys), merged, copy, len(many), d, dict.fromkeys("ab", 0))


if __name__ == "__main__":
    main()
