"""What keeps the program's patches out of the recorder.

A program may put its own functions in the place of builtins and of functions of `os` or `sys`. The
code of this package runs between the lines of the program, and must neither call nor show any of
that. So each module of this package that can run then

* calls [`isolate`][spacetimepy._isolation.isolate] before it defines anything: CPython gives a
  function the builtins that the globals of its module name when it is made;
* binds what it needs of other modules when it is imported, C functions alone: a function of the
  standard library that is written in Python looks up the builtins that the program sees;
* asks objects of the program by their exact type and by C descriptors, as below.
"""

from __future__ import annotations

import builtins
import os
import posix
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = [
    "absolute",
    "describe_exception",
    "exact",
    "isolate",
    "members_of",
    "name_of_type",
    "short",
    "stem_of",
    "storable",
    "tell",
]

_builtins = dict(vars(builtins))


def isolate(names: dict[str, Any]) -> None:
    """Gives the functions that a module is about to define builtins that stay as they are.

    >>> names = {"__name__": "made"}
    >>> isolate(names)
    >>> exec("def own_len(): return len", names)
    >>> names["own_len"].__builtins__ is vars(__import__("builtins"))
    False
    """
    names["__builtins__"] = _builtins


isolate(globals())

_working_folder = os.getcwd
_fstat = os.fstat
_write = os.write
# The C function in `os.path.normpath`.
_normalised = posix._path_normpath  # type: ignore[attr-defined]
_qualname: Callable[[type], str] = type.__dict__["__qualname__"].__get__
_module_dict: Callable[[ModuleType], dict[str, Any]] = vars(ModuleType)["__dict__"].__get__
_exact_str = str.__str__
# Read where they are kept: a class may have a property of that name.
_args_of = BaseException.__dict__["args"].__get__

STDERR = 2


def absolute(path: str) -> str:
    """`os.path.abspath`.

    >>> absolute("/tmp/../tmp/./x")
    '/tmp/x'
    """
    return _normalised(path if path.startswith("/") else f"{_working_folder()}/{path}") or "."


def stem_of(path: str) -> str:
    """The name of a file without its folder and its suffix.

    >>> stem_of("/home/me/game.py")
    'game'
    """
    name = path.rpartition("/")[2]
    stem = name.rpartition(".")[0]
    # A dot at the start begins no suffix.
    return stem if stem.strip(".") else name


def exact(text: Any) -> str:
    """The same text without a class of the program; nothing for what is no text.

    >>> class Loud(str):
    ...     def startswith(self, *prefixes): raise ValueError
    >>> exact(Loud("quiet")).startswith("q")
    True
    """
    if type(text) is str:
        return text
    return _exact_str(text) if issubclass(type(text), str) else ""


def name_of_type(value: object) -> str:
    """The qualified name of a value's type, without asking its metaclass.

    >>> name_of_type(1)
    'int'
    """
    return _qualname(type(value))


def members_of(module: object) -> dict[str, Any]:
    """The names in a module; nothing of what only stands for a module.

    >>> "members_of" in members_of(__import__("sys").modules[__name__])
    True
    """
    return _module_dict(module) if issubclass(type(module), ModuleType) else {}  # type: ignore[arg-type]


def storable(text: str) -> str:
    """The text with escapes in place of what UTF-8 cannot hold (lone surrogates).

    >>> storable("a" + chr(0xD800))
    'a\\\\ud800'
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def describe_exception(exception: BaseException) -> str:
    """Type and message, without running code of the program."""
    name = name_of_type(exception)
    args = _args_of(exception)
    if issubclass(type(exception), OSError) and len(args) > 1:
        message: str | None = f"[Errno {short(args[0])}] {short(args[1])}"
    else:
        message = short(args[0]) if args else None
    return f"{storable(name)}: {message}" if message else storable(name)


def short(value: object) -> str | None:
    """An atom as text, cut at 200 characters; anything else by its type."""
    if value is None:
        return None
    kind = type(value)
    if kind is str:
        return storable(value[:200])  # type: ignore[index]
    if kind is int:
        # The text of a long number would take long, and more digits than are allowed.
        return repr(value) if -(1 << 600) < value < 1 << 600 else "<int>"  # type: ignore[operator]
    if kind is float or kind is bool or kind is bytes:
        return repr(value[:200] if kind is bytes else value)  # type: ignore[index]
    return storable(f"<{name_of_type(value)}>")


def _identity_of_stderr() -> tuple[int, int] | None:
    try:
        found = _fstat(STDERR)
    except OSError:
        return None
    return found.st_dev, found.st_ino


_stderr_at_start = _identity_of_stderr()


def tell(line: str) -> None:
    """Writes a line to where the standard error of this process was when it began.

    Not through `sys.stderr`, which may be an object of the program; and nowhere, if the program
    closed the stream or put another file in its place.

    >>> tell("a line")
    """
    if _stderr_at_start is None or _identity_of_stderr() != _stderr_at_start:
        return
    rest = f"{line}\n".encode("utf-8", "backslashreplace")
    try:
        while rest:
            rest = rest[_write(STDERR, rest) :]
    except OSError:
        pass
