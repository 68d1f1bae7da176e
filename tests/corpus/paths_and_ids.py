"""pathlib without touching a disk, UUIDs made of names, URLs taken apart and put together."""

import uuid
from pathlib import PurePosixPath, PureWindowsPath
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit


def classify(names):
    by_suffix = {}
    for name in names:
        path = PurePosixPath(name)
        by_suffix.setdefault(path.suffix or "none", []).append(path.with_suffix("").name)
    return by_suffix


def relative(paths, root):
    found = []
    for path in map(PurePosixPath, paths):
        try:
            found.append(path.relative_to(root))
        except ValueError:
            found.append(root / path.name)
    return found


def ids(names):
    space = uuid.uuid5(uuid.NAMESPACE_DNS, "example.org")
    made = {name: uuid.uuid5(space, name) for name in names}
    return {name: str(value)[:8] for name, value in made.items()}, space.version


def edit(url, **changes):
    parts = urlsplit(url)
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    query |= changes
    return parts._replace(query=urlencode(query), fragment="").geturl()


root = PurePosixPath("/srv/data")
print(classify(["a.txt", "b.tar.gz", "README", "c.txt"]))
print([str(path) for path in relative(["/srv/data/x/y", "/etc/passwd"], root)])
print(root.parts, root.parent / ".." / "z", PureWindowsPath("c:\\Users", "Ann").as_posix(), root < root / "a")
print(ids(["a", "b"]), uuid.UUID(int=5).hex[-2:])
print(edit("http://h/p?a=1&b=2#top", b=3, c="x y"), urljoin("http://h/a/b", "../c"))
