"""re in depth: groups, named groups, substitution by function, scanning, splitting, verbose."""

import re

TOKEN = re.compile(
    r"""
    (?P<number>\d+(?:\.\d+)?)   # 1 or 1.5
  | (?P<name>[a-z_]\w*)
  | (?P<operator>[-+*/()=])
  | (?P<space>\s+)
    """,
    re.VERBOSE | re.IGNORECASE,
)


def tokens(text):
    at, found = 0, []
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None:
            found.append(("error", at))
            break
        if match.lastgroup != "space":
            found.append((match.lastgroup, match[0]))
        at = match.end()
    return found


def camel(text):
    return re.sub(r"_(\w)", lambda match: match[1].upper(), text)


def fill(template, **values):
    missing = []

    def value(match):
        name, default = match.group("name", "default")
        if name not in values and default is None:
            missing.append(name)
        return str(values.get(name, default))

    return re.sub(r"\{(?P<name>\w+)(?:\|(?P<default>[^}]*))?\}", value, template), missing


print(tokens("x1 = 3.5*(y+2)"), tokens("a ? b"))
print(camel("some_long_name"), fill("{a}-{b|none}-{c}", a=1))
print(re.split(r"([,;])\s*", "a, b;c"), re.findall(r"(\w)=(\d)", "a=1 b=2 c=x"))
print([m.span() for m in re.finditer(r"(?<=a)b+(?!c)", "abb abbc b")], re.fullmatch(r"(a)|b", "b").groups())
