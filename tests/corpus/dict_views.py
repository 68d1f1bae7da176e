"""Views of dicts: live, set-like, compared, iterated while the dict changes, and mapped."""


def differences(old, new):
    added = new.keys() - old.keys()
    gone = old.keys() - new.keys()
    changed = {key for key in old.keys() & new.keys() if old[key] != new[key]}
    same = dict(old.items() & new.items())
    return sorted(added), sorted(gone), sorted(changed), same


def live():
    stock = {"a": 1, "b": 2}
    keys, values, items = stock.keys(), stock.values(), stock.items()
    stock["c"] = 3
    del stock["a"]
    seen = list(keys), sum(values), ("b", 2) in items, len(items)
    stock |= {"b": 20}
    return seen, list(values), list(reversed(keys)), keys.mapping["b"]


def changed_while_iterated():
    counts, seen = {"x": 1, "y": 2}, []
    try:
        for key in counts:
            seen.append(key)
            counts[key + key] = 0
    except RuntimeError as error:
        seen.append(str(error)[:12])
    for key in list(counts):
        if not counts[key]:
            del counts[key]
        else:
            counts[key] -= 1
    return seen, counts


def inverted(mapping):
    groups = {}
    for key, value in mapping.items():
        groups.setdefault(value, []).append(key)
    return groups


print(differences({"a": 1, "b": 2, "c": 3}, {"b": 2, "c": 4, "d": 5}))
print(live(), changed_while_iterated(), inverted({"a": 1, "b": 2, "c": 1}))
print({}.keys() == set(), {1: 2}.items() <= {1: 2, 3: 4}.items(), dict.fromkeys("ab", []))
