"""The source of code as it runs: its text, its file's content hash, and its git commit.

The recorder asks [`describe`][spacetimepy._source.describe] once for each code object, inside the
interpreter's monitoring callback. So nothing here runs code of the recorded program (by the means
of `spacetimepy._isolation`), raises, or starts a process; files are read once.

The text must be that of the code that *ran*. A file edited after it was imported would give
another text, so a file that changed after this process began is compiled again and compared.
"""

from __future__ import annotations

import _warnings
import os as _os
import sys as _sys
import time as _time
from _stat import S_ISDIR, S_ISREG
from io import StringIO as _StringIO
from types import MethodType
from zipimport import zipimporter

from spacetimepy._isolation import absolute, exact, isolate, members_of, name_of_type
from spacetimepy._native import last_line as _last_line_in
from spacetimepy._native import read_file as _read_file

try:
    # Loading `hashlib` takes milliseconds, for OpenSSL.
    from _sha2 import sha256  # type: ignore[import-not-found]
except ImportError:
    from hashlib import sha256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType
    from typing import Any

__all__ = ["commit_of_folder", "describe", "remember"]

isolate(globals())

_stat = _os.stat
_modules = _sys.modules

Description = tuple["str | None", str, "str | None", "str | None"]


class _File:
    """A file as it was when its code was first seen."""

    __slots__ = ("commit", "compiled", "content", "is_certain", "lines", "path", "version")

    def __init__(self, path: str, content: bytes, *, is_certain: bool) -> None:
        self.path = path
        self.commit = commit_of_folder(path.rpartition("/")[0] or "/")
        self.content = content
        # Whether this surely is what was compiled; otherwise each code object is compared.
        self.is_certain = is_certain
        self.lines = _lines(_decode(content))
        self.version = _hash(content)
        self.compiled: dict[tuple[str, int], CodeType] | None = None


_files: dict[str, _File | None] = {}
_commits: dict[str, str | None] = {}


def remember(file: str, content: bytes) -> None:
    """Keeps the source of a file that is about to be compiled from these bytes.

    >>> remember("/tmp/generated.py", b"x = 1")
    >>> describe(compile("x = 1", "/tmp/generated.py", "exec"))[0]
    'x = 1'
    """
    _files[file] = _File(absolute(file), content, is_certain=True)


def describe(code: CodeType) -> Description:
    """The text, file, file version and commit of a code object; never raises.

    Returns:
        The source text (from the first decorator to the end of the function; the whole file for
        a module; nothing if the source of what ran is not to be had), the file's absolute path,
        the hash of its content, and the commit checked out where it lies.

    >>> text, file, version, commit = describe(describe.__code__)
    >>> text.splitlines()[0], len(version)
    ('def describe(code: CodeType) -> Description:', 64)
    """
    named = exact(code.co_filename)
    try:
        if named.startswith("<"):
            return _described_by_linecache(code)
        if named not in _files:
            _files[named] = _read(named)
        file = _files[named]
        if file is None:
            return _described_by_linecache(code)
        if not _is_what_ran(code, file):
            return None, file.path, None, file.commit
        return _text_of(code, file.lines), file.path, file.version, file.commit
    except Exception:
        return None, named, None, None


def _described_by_linecache(code: CodeType) -> Description:
    """Code without a file, as of a notebook or a doctest: `linecache` may know it."""
    named = exact(code.co_filename)
    # Notebooks and doctests teach `linecache` their sources, so it is loaded where there are any.
    linecache = members_of(_modules.get("linecache"))
    lines = _cached_lines(linecache, named) or _lines_of_doctest(linecache, named)
    if not lines:
        return None, named, None, None
    return _text_of(code, lines), named, _hash("".join(lines).encode()), None


def _cached_lines(linecache: dict[str, Any], named: str) -> list[str]:
    cache = linecache.get("cache")
    entry = cache.get(named) if type(cache) is dict else None
    # What is shorter is a promise to read the file later.
    return entry[2] if type(entry) is tuple and len(entry) == 4 else []


def _lines_of_doctest(linecache: dict[str, Any], named: str) -> list[str]:
    """The lines of an example, which `doctest` hands out by a function of its own."""
    getlines = linecache.get("getlines")
    if not named.startswith("<doctest ") or type(getlines) is not MethodType:
        return []
    number = int(named.removesuffix("]>").rpartition("[")[2])
    example = getlines.__self__.__dict__["test"].examples[number]
    lines: list[str] = example.source.splitlines(keepends=True)
    return lines


def _read(named: str) -> _File | None:
    path = absolute(named)
    found = _read_file(path)
    if found is None:
        return _read_from_archive(named, path)
    content, changed = found
    return _File(path, content, is_certain=changed < _process_start - 1)


def _read_from_archive(named: str, path: str) -> _File | None:
    """The source of a module in a zip archive.

    Other loaders may be the program's: they are not asked.
    """
    loader = _members_of_module(named).get("__loader__")
    if type(loader) is not zipimporter:
        return None
    member = loader._files.get(named.removeprefix(f"{loader.archive}/"))  # type: ignore[attr-defined]
    if member is None:
        return None
    _, method, size, _, offset, *_ = member
    archive = _read_file(loader.archive)
    if archive is None:
        return None
    # The local header: 30 bytes, of which the last four say how much text follows it.
    header = archive[0][offset : offset + 30]
    n_skipped = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:], "little")
    start = offset + 30 + n_skipped
    content = archive[0][start : start + size]
    if method:
        # Loaded to import the module.
        content = members_of(_modules.get("zlib"))["decompress"](content, -15)
    return _File(path, content, is_certain=True)


def _members_of_module(named: str) -> dict[str, Any]:
    """The names in the module made of a file."""
    for module in list(_modules.values()):
        members = members_of(module)
        file = members.get("__file__")
        if type(file) is str and file == named:
            return members
    return {}


def _is_what_ran(code: CodeType, file: _File) -> bool:
    if file.is_certain:
        return True
    if file.compiled is None:
        file.compiled = _compile(exact(code.co_filename), file.content)
    if file.compiled.get((code.co_qualname, code.co_firstlineno)) == code:
        return True
    # Another loader (an import hook that rewrites) compiles something else than the file, so
    # that comparing proves nothing.
    loader = name_of_type(_members_of_module(exact(code.co_filename)).get("__loader__"))
    file.is_certain = loader not in ("SourceFileLoader", "NoneType")
    return file.is_certain


def _compile(named: str, content: bytes) -> dict[tuple[str, int], CodeType]:
    # The program was warned of its doubtful syntax when it compiled the file. The filters are
    # changed without telling, and not searched by others until they are as before.
    filters = members_of(_modules.get("warnings")).get("filters", _warnings.filters)
    filters.insert(0, ("ignore", None, Warning, None, 0))
    try:
        module = compile(content, named, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return {}
    finally:
        del filters[0]
    return {(code.co_qualname, code.co_firstlineno): code for code in _all_codes(module)}


def _all_codes(code: CodeType) -> Iterator[CodeType]:
    pending = [code]
    while pending:
        code = pending.pop()
        yield code
        pending.extend(const for const in code.co_consts if isinstance(const, type(code)))


def _text_of(code: CodeType, lines: list[str]) -> str:
    """The lines of a code object: the whole file for a module."""
    if code.co_name == "<module>":
        return "".join(lines)
    first = code.co_firstlineno
    last = max(first, *map(_last_line, _all_codes(code)))
    if not code.co_name.startswith("<"):
        last = _end_of_block(lines, first, last)
    return "".join(lines[first - 1 : last])


def _last_line(code: CodeType) -> int:
    return _last_line_in(code.co_linetable, code.co_firstlineno)


def _end_of_block(lines: list[str], first: int, last: int) -> int:
    """Adds the lines after `last` that make no instruction (comments, `pass`) but are inside."""
    indent = _indent(lines[first - 1])
    for number in range(last + 1, len(lines) + 1):
        line = lines[number - 1]
        if line.strip():
            if _indent(line) <= indent:
                break
            last = number
    return last


def _indent(line: str) -> int:
    line = line.expandtabs()
    return len(line) - len(line.lstrip())


def _decode(content: bytes) -> str:
    for line in content.split(b"\n", 2)[:2]:
        encoding = _named_encoding(line)
        if encoding is not None:
            return content.decode(encoding).removeprefix(_MARK)
        if line.strip() and not line.lstrip().startswith(b"#"):
            break
    # Not by `utf-8-sig`, a codec in Python that would be imported now.
    return content.decode("utf-8").removeprefix(_MARK)


_MARK = "\ufeff"


def _named_encoding(line: bytes) -> str | None:
    """The encoding that a comment names, read as the compiler does."""
    if b"coding" not in line or not line.lstrip(b" \t\f").startswith(b"#"):
        return None
    for behind in line.split(b"coding")[1:]:
        if behind.startswith((b":", b"=")):
            word = behind[1:].lstrip(b" \t")
            encoding = word[: len(word) - len(word.lstrip(_LETTERS_OF_ENCODINGS))]
            if encoding:
                return encoding.decode()
    return None


_LETTERS_OF_ENCODINGS = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."


def _lines(text: str) -> list[str]:
    """The lines as the compiler counts them: `str.splitlines` knows more ends of lines."""
    return _StringIO(text, newline=None).readlines()


def _hash(content: bytes) -> str:
    digest: str = sha256(content).hexdigest()
    return digest


def _read_process_start() -> float:
    """When this process began, in seconds since the epoch; at worst too early."""
    try:
        with open("/proc/self/stat", "rb") as file:
            # The name in parentheses may hold spaces; the start is the 20th field behind it.
            ticks = int(file.read().rpartition(b")")[2].split()[19])
        uptime = _time.clock_gettime(_time.CLOCK_BOOTTIME) - ticks / _os.sysconf("SC_CLK_TCK")
        return _time.time() - uptime
    except (OSError, ValueError, IndexError, AttributeError):
        return 0.0


_process_start = _read_process_start()


def commit_of_folder(folder: str) -> str | None:
    """The git commit that is checked out where the folder lies, or nothing.

    >>> import tempfile
    >>> print(commit_of_folder(tempfile.mkdtemp()))
    None
    """
    if folder not in _commits:
        try:
            _commits[folder] = _read_commit(folder)
        except (OSError, ValueError):
            _commits[folder] = None
    return _commits[folder]


def _read_commit(folder: str) -> str | None:
    git = _joined(folder, ".git")
    if _is_file(git):
        # A worktree or a submodule: the file says where the repository is.
        git = _joined(folder, _read_line(git).removeprefix("gitdir:").strip())
    elif not _is_folder(git):
        parent = folder.rpartition("/")[0] or "/"
        return None if parent == folder else commit_of_folder(parent)
    head = _read_line(_joined(git, "HEAD"))
    if not head.startswith("ref:"):
        return head or None
    reference = head.removeprefix("ref:").strip()
    places = [git]
    if _is_file(_joined(git, "commondir")):
        places.append(_joined(git, _read_line(_joined(git, "commondir"))))
    for place in places:
        if _is_file(_joined(place, reference)):
            return _read_line(_joined(place, reference)) or None
    return _packed_commit(_joined(places[-1], "packed-refs"), reference)


def _packed_commit(file: str, reference: str) -> str | None:
    if not _is_file(file):
        return None
    for line in _text_in(file).splitlines():
        commit, _, name = line.strip().partition(" ")
        if name == reference:
            return commit
    return None


def _read_line(file: str) -> str:
    return _text_in(file).partition("\n")[0].strip()


def _text_in(file: str) -> str:
    found = _read_file(file)
    return "" if found is None else found[0].decode("utf-8")


def _joined(folder: str, name: str) -> str:
    return name if name.startswith("/") else f"{folder.removesuffix('/')}/{name}"


def _is_file(path: str) -> bool:
    try:
        return S_ISREG(_stat(path).st_mode)
    except (OSError, ValueError):
        return False


def _is_folder(path: str) -> bool:
    try:
        return S_ISDIR(_stat(path).st_mode)
    except (OSError, ValueError):
        return False
