"""The source of code as it runs: its text, its file's content hash, and its git commit.

The recorder asks [`describe`][spacetimepy._source.describe] once for each code object, inside the
interpreter's monitoring callback. So nothing here runs code of the recorded program, raises, or
starts a process; files are read once.

The text must be that of the code that *ran*. A file edited after it was imported would give
another text, so a file that changed after this process began is compiled again and compared.
"""

from __future__ import annotations

import _warnings
import io
import os
import sys
import time
from operator import itemgetter

try:
    # Loading `hashlib` takes milliseconds, for OpenSSL.
    from _sha2 import sha256  # type: ignore[import-not-found]
except ImportError:
    from hashlib import sha256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType, ModuleType

__all__ = ["commit_of_folder", "describe", "remember"]

Description = tuple["str | None", str, "str | None", "str | None"]


class _File:
    """A file as it was when its code was first seen."""

    __slots__ = ("commit", "compiled", "content", "is_certain", "lines", "path", "version")

    def __init__(self, path: str, content: bytes, *, is_certain: bool) -> None:
        self.path = path
        self.commit = commit_of_folder(os.path.dirname(path))
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
    _files[file] = _File(os.path.abspath(file), content, is_certain=True)


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
    named = code.co_filename
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
    linecache = sys.modules.get("linecache")
    # Notebooks and doctests teach `linecache` their sources, so it is loaded where there are any.
    lines = [] if linecache is None else linecache.getlines(code.co_filename)
    if not lines:
        return None, code.co_filename, None, None
    return _text_of(code, lines), code.co_filename, _hash("".join(lines).encode()), None


def _read(named: str) -> _File | None:
    path = os.path.abspath(named)
    try:
        with open(path, "rb", buffering=0) as file:
            content = file.read()
            changed = os.fstat(file.fileno()).st_mtime
    except OSError:
        return _read_from_loader(named, path)
    return _File(path, content, is_certain=changed < _process_start() - 1)


def _read_from_loader(named: str, path: str) -> _File | None:
    """The source of a module that is not a plain file, as in a zip archive."""
    module = _module_of(named)
    if module is None:
        return None
    get_source = getattr(getattr(module, "__loader__", None), "get_source", None)
    text = None if get_source is None else get_source(module.__name__)
    return None if text is None else _File(path, text.encode(), is_certain=True)


def _module_of(named: str) -> ModuleType | None:
    for module in list(sys.modules.values()):
        # The instance dictionary, as some modules run code when asked for an attribute.
        names = getattr(module, "__dict__", None)
        if type(names) is dict and names.get("__file__") == named:
            return module
    return None


def _is_what_ran(code: CodeType, file: _File) -> bool:
    if file.is_certain:
        return True
    if file.compiled is None:
        file.compiled = _compile(code.co_filename, file.content)
    if file.compiled.get((code.co_qualname, code.co_firstlineno)) == code:
        return True
    # Another loader (an import hook that rewrites) compiles something else than the file, so
    # that comparing proves nothing.
    loader = type(getattr(_module_of(code.co_filename), "__loader__", None)).__name__
    file.is_certain = loader not in ("SourceFileLoader", "NoneType")
    return file.is_certain


def _compile(named: str, content: bytes) -> dict[tuple[str, int], CodeType]:
    # The program was warned of its doubtful syntax when it compiled the file. The filters are
    # changed without telling, and not searched by others until they are as before.
    filters = sys.modules.get("warnings", _warnings).filters
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


_end_line = itemgetter(1)


def _last_line(code: CodeType) -> int:
    return max(filter(None, map(_end_line, code.co_positions())), default=0)


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
    if any(b"coding" in line for line in content.split(b"\n", 2)[:2]):
        # It may say another encoding than UTF-8.
        from importlib.util import decode_source

        return decode_source(content)
    return content.decode("utf-8-sig")


def _lines(text: str) -> list[str]:
    """The lines as the compiler counts them: `str.splitlines` knows more ends of lines."""
    return io.StringIO(text, newline=None).readlines()


def _hash(content: bytes) -> str:
    digest: str = sha256(content).hexdigest()
    return digest


_process_start_seconds: float | None = None


def _process_start() -> float:
    """When this process began, in seconds since the epoch; at worst too early."""
    global _process_start_seconds
    if _process_start_seconds is None:
        _process_start_seconds = _read_process_start()
    return _process_start_seconds


def _read_process_start() -> float:
    try:
        with open("/proc/self/stat", "rb") as file:
            # The name in parentheses may hold spaces; the start is the 20th field behind it.
            ticks = int(file.read().rpartition(b")")[2].split()[19])
        uptime = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
        return time.time() - uptime
    except (OSError, ValueError, IndexError, AttributeError):
        return 0.0


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
    git = os.path.join(folder, ".git")
    if os.path.isfile(git):
        # A worktree or a submodule: the file says where the repository is.
        git = os.path.join(folder, _read_line(git).removeprefix("gitdir:").strip())
    elif not os.path.isdir(git):
        parent = os.path.dirname(folder)
        return None if parent == folder else commit_of_folder(parent)
    head = _read_line(os.path.join(git, "HEAD"))
    if not head.startswith("ref:"):
        return head or None
    reference = head.removeprefix("ref:").strip()
    places = [git]
    if os.path.isfile(os.path.join(git, "commondir")):
        places.append(os.path.join(git, _read_line(os.path.join(git, "commondir"))))
    for place in places:
        if os.path.isfile(os.path.join(place, reference)):
            return _read_line(os.path.join(place, reference)) or None
    return _packed_commit(os.path.join(places[-1], "packed-refs"), reference)


def _packed_commit(file: str, reference: str) -> str | None:
    if not os.path.isfile(file):
        return None
    with open(file, encoding="utf-8") as lines:
        for line in lines:
            commit, _, name = line.strip().partition(" ")
            if name == reference:
                return commit
    return None


def _read_line(file: str) -> str:
    with open(file, encoding="utf-8") as lines:
        return lines.readline().strip()
