"""How files of the operating system are opened again, where they were.

Only files that were open to be read are opened: to open one to be written may change it, so a trace
says of it that it has no value apart from the running program. A closed file opens nothing.
"""

from __future__ import annotations

import codecs
import io
import os
import stat
from typing import Any

from spacetimepy._attributes import attributes_filler
from spacetimepy._importing import c_base_of, is_python_class
from spacetimepy.errors import RestoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from spacetimepy.restoring import Node, Restorer

    Steps = Generator[Any, Any, Any]

__all__ = ["PARTS", "leave_unfinished", "raw_file"]

# Encodings of which the state before a character is seen by the byte there.
_PLAIN_ENCODINGS = ("ascii", "cp1252", "iso8859-1", "iso8859-15", "utf-8")


def raw_file(restorer: Restorer, node: Node, kind: Any) -> Steps:
    """An `io.FileIO`: opened where its file lay, or closed."""
    attributes = node.attributes
    is_closed: bool = attributes.get("closed") is True
    mode: Any = attributes.get("mode")
    path = os.devnull if is_closed else (yield attributes.get("path"))
    # The recorder says of such a file that it has no value; what a trace says is not believed here.
    if not is_closed and (mode != "rb" or not isinstance(path, str)):
        raise RestoreError("only a file that was open to be read, by its path, can be opened again")
    if is_closed and "x" in mode:
        raise RestoreError("a closed file that was made anew cannot be made again")
    made = kind.__new__(kind)
    try:
        io.FileIO.__init__(made, path, mode)
        if "position" in attributes:
            io.FileIO.seek(made, attributes["position"])
    except OSError as error:
        raise RestoreError(f"{path!r} cannot be opened: {error.strerror}") from error
    if is_closed:
        # At the end: what reads it ahead has to be made of an open one.
        restorer.fill_late(node, lambda: io.FileIO.close(made))
    return restorer.keep(node, made, attributes_filler(node, made, _KEPT_IN_C))


_KEPT_IN_C = ("mode", "closed", "path", "position")


def _buffered(kind: Any, raw: Any, position: int | None) -> Any:
    base = c_base_of(kind)
    made = base.__new__(kind)
    base.__init__(made, raw)
    if position is not None and _has_position(raw):
        base.seek(made, position)
    return made


def _text(kind: Any, buffer: Any, encoding: str, *parts: Any) -> Any:
    errors, newline, n_bytes, n_characters, state, _ = parts
    base = c_base_of(kind)
    made = base.__new__(kind)
    base.__init__(made, buffer, encoding, errors, newline)
    if (n_bytes is not None or state is not None) and _has_position(buffer):
        start = buffer.tell() - (n_bytes or 0)
        is_known = state is not None and state >= 0
        if not is_known and not _is_clean_start(buffer, start, encoding, newline):
            raise RestoreError("where it is was not recorded to the character")
        # The cookie of a text file: a position, and the state of its decoder above 64 bits.
        base.seek(made, start | (state if is_known else 0) << 64)
        base.read(made, n_characters or 0)
    return made


def leave_unfinished(made: Any) -> None:
    """Keeps a file that could not be filled from being closed by its finaliser."""
    kind = type(made)
    if issubclass(kind, io.IOBase) and is_python_class(kind):
        vars(made)["__IOBase_closed"] = True


def _has_position(file: Any) -> bool:
    """Whether it has a position; what stands in for a closed file has none."""
    try:
        return stat.S_ISREG(os.fstat(file.fileno()).st_mode)
    except (OSError, AttributeError):
        return bool(file.seekable())


def _is_clean_start(buffer: Any, start: int, encoding: str, newline: str | None) -> bool:
    """Whether text can be decoded from there on as if it were the start of the file."""
    if start == 0:
        return True
    name = codecs.lookup(encoding).name
    buffer.seek(start - 1)
    before, first = buffer.read(1), buffer.read(1)
    in_character = name == "utf-8" and first and first[0] & 0xC0 == 0x80
    in_newline = not newline and before == b"\r"
    return name in _PLAIN_ENCODINGS and not in_character and not in_newline


# The parts that making one takes, and how: see `_builders_in_c`.
PARTS: dict[str, tuple[tuple[str, ...], Callable[..., Any]]] = {
    **dict.fromkeys(
        ("_io.BufferedRandom", "_io.BufferedReader", "_io.BufferedWriter"),
        (("raw", "position"), _buffered),
    ),
    "_io.TextIOWrapper": (
        (
            *("buffer", "encoding", "errors", "newline"),
            *("decoded_bytes", "decoded_characters", "decoder_state", "pending_bytes"),
        ),
        _text,
    ),
}
