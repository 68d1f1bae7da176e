"""Patterns over lists, tuples and dicts: stars, rests, literals, nesting, guards and aliases."""


def command(words):
    match words:
        case []:
            return "nothing"
        case ["go", ("north" | "south") as where]:
            return f"walk {where}"
        case ["take", *things] if len(things) > 2:
            return f"too many: {len(things)}"
        case ["take", first, *rest]:
            return first, rest
        case [single]:
            return {"only": single}
        case [head, *_, tail] if head == tail:
            return "framed"
        case _:
            return None


def settings(value):
    match value:
        case {"kind": "point", "at": [x, y]} | {"kind": "pair", "values": (x, y)}:
            return x * y
        case {"kind": "list", "items": [{"id": first}, *others], **rest}:
            return first, len(others), rest
        case {"debug": True | 1 as flag}:
            return flag
        case {"text": str() as text, "limit": int(limit)} if limit < len(text):
            return text[:limit]
        case {}:
            return "mapping"
        case (1, (2, (3, deep))) | [1, [2, [3, deep]]]:
            return deep
        case None | False:
            return "empty"


for words in ([], ["go", "south"], ["take", 1, 2, 3], ["take", "a"], ["x"], "aba", list("aba"), "go up".split()):
    print(command(words))
for value in (
    {"kind": "point", "at": [2, 3]},
    {"kind": "pair", "values": (4, 5), "more": 1},
    {"kind": "list", "items": [{"id": 7}, 8, 9], "name": "n"},
    {"debug": 1},
    {"text": "abcdef", "limit": 2},
    {"text": "a", "limit": 2},
    [1, (2, [3, "deep"])],
    False,
    5,
):
    print(settings(value))
