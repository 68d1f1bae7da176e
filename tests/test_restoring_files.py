"""Files opened again where they were: what they give next is what the recorded ones gave."""

from __future__ import annotations

import codecs
import csv
import gc
import io
import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from socket import socketpair
from typing import Any

import pytest
import spacetimepy
from spacetimepy.restoring import Restored, restore_state

LIVE = "it has no value apart from the running program"


@spacetimepy.function
def hold(*held: object) -> None:
    return None


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    """Three short lines, and many more than are read ahead at once."""
    path = tmp_path / "lines.txt"
    rows = [f"{n} é€😀\r\n" for n in range(3000)]
    path.write_bytes("one\ntwé\r\nthree\r".encode() + "".join(rows).encode())
    return path


def restored(folder: Path, *held: object, before: Callable[[], None] = lambda: None) -> Restored:
    """What comes back of some values, after something was done."""
    path = folder / "run.spacetime"
    path.unlink(missing_ok=True)
    with spacetimepy.init_monitoring(path):
        hold(*held)
    before()
    with spacetimepy.open(path, trust=True) as trace:
        return restore_state(trace.call(1).states[0])


def again(folder: Path, *held: object) -> Any:
    """The first of some values as it comes back."""
    found = restored(folder, *held)
    assert found.refused == {}
    return found.locals["held"][0]


class Logged(io.TextIOWrapper):
    pass


def took(n: int) -> Callable[[Any], None]:
    return lambda file: file.read(n)


def read_lines(n: int) -> Callable[[Any], None]:
    return lambda file: [file.readline() for _ in range(n)] and None


def iterated(n: int) -> Callable[[Any], None]:
    return lambda file: [line for line, _ in zip(file, range(n), strict=False)] and None


def sought(file: Any) -> None:
    read_lines(700)(file)
    file.seek(file.tell())


def parsed(file: Any) -> None:
    next(csv.reader(file))


@pytest.mark.parametrize(
    ("options", "use"),
    [
        ({"mode": "rb"}, took(3)),
        ({"mode": "rb"}, read_lines(2500)),
        ({"mode": "rb"}, iterated(2500)),
        ({"mode": "rb"}, lambda file: file.seek(9, os.SEEK_SET)),
        ({"mode": "rb"}, lambda file: file.peek(3)),
        ({"mode": "rb"}, lambda file: file.read()),
        ({"mode": "rb", "buffering": 0}, took(5)),
        ({"encoding": "utf-8"}, lambda file: None),
        ({"encoding": "utf-8"}, took(5)),
        ({"encoding": "utf-8"}, read_lines(1)),
        ({"encoding": "utf-8"}, read_lines(2000)),
        ({"encoding": "utf-8"}, iterated(2)),
        ({"encoding": "utf-8"}, sought),
        ({"encoding": "utf-8"}, parsed),
        ({"encoding": "utf-8"}, lambda file: file.read()),
        ({"encoding": "utf-8", "newline": ""}, read_lines(3)),
        ({"encoding": "utf-8", "newline": "\r"}, read_lines(1)),
        ({"encoding": "latin-1"}, read_lines(1501)),
        ({"encoding": "latin-1", "newline": "\n"}, iterated(1501)),
        ({"encoding": "ascii", "errors": "backslashreplace"}, read_lines(1200)),
        ({"encoding": "cp1252", "errors": "replace"}, iterated(2)),
    ],
)
def test_a_file_is_opened_where_it_was(
    options: dict[str, Any], use: Callable[[Any], None], lines: Path, tmp_path: Path
) -> None:
    with open(lines, **options) as file:
        use(file)
        found = again(tmp_path, file)
        assert found is not file and type(found) is type(file)
        assert (found.name, found.mode) == (file.name, file.mode)
        if isinstance(file, io.TextIOWrapper):
            assert (found.encoding, found.errors) == (file.encoding, file.errors)
        with found:
            assert found.read() == file.read()


@pytest.mark.parametrize("use", [read_lines(1400), sought, took(20000)])
@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-16", codecs.BOM_UTF16_LE + "é€😀\n".encode("utf-16-le") * 3000),
        ("utf-16", codecs.BOM_UTF16_BE + "é€😀\n".encode("utf-16-be") * 3000),
        ("iso2022_jp", "日本語日本語".encode("iso2022_jp") * 3000 + b"\n"),
        ("iso2022_jp", "日本語\n日本語".encode("iso2022_jp") * 3000),
        ("utf-8-sig", codecs.BOM_UTF8 + "é€😀\n".encode() * 3000),
    ],
)
def test_the_state_of_a_decoder_comes_back(
    encoding: str, text: bytes, use: Callable[[Any], None], tmp_path: Path
) -> None:
    path = tmp_path / "encoded.txt"
    path.write_bytes(text)
    with path.open(encoding=encoding) as file:
        use(file)
        with again(tmp_path, file) as found:
            assert found.read() == file.read()


class Opening(io.FileIO):
    """Its own first state is that of a file that is closed."""

    @spacetimepy.line
    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.is_open = True


def states_of(path: str, name: str) -> list[tuple[bool, object]]:
    """At each state, whether a variable is said to have a value, and what comes back of it."""
    with spacetimepy.open(path, trust=True) as trace:
        found = []
        for state in trace.call(1).states:
            if name in state.locals:
                kept = restore_state(state)
                made = kept.locals.get(name, kept.refused.get(name))
                found.append((state.locals[name].fidelity == "exact", made))
        return found


def test_what_is_opened_to_be_written_is_never_opened_again(tmp_path: Path) -> None:
    path, target = str(tmp_path / "run.spacetime"), tmp_path / "precious.txt"
    with spacetimepy.init_monitoring(path):
        file = Opening(target, "wb")
    file.close()
    target.write_text("precious")
    (has_value, before), *others = states_of(path, "self")
    assert has_value and before.closed  # type: ignore[attr-defined]
    assert others and all(not has_value and LIVE in str(refusal) for has_value, refusal in others)
    assert target.read_text() == "precious"


@spacetimepy.line
def written_and_closed(path: Path) -> None:
    file = open(path, "wb", buffering=0)  # noqa: SIM115
    file.write(b"abc")
    file.close()
    file = None


def test_a_file_has_a_value_once_it_is_closed(tmp_path: Path) -> None:
    path = str(tmp_path / "run.spacetime")
    with spacetimepy.init_monitoring(path):
        written_and_closed(tmp_path / "written.txt")
    found = states_of(path, "file")[:3]
    assert [has_value for has_value, _ in found] == [False, False, True]
    assert found[2][1].closed  # type: ignore[attr-defined]


def test_a_file_is_found_from_another_folder(
    lines: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / lines.name).write_text("another file")
    monkeypatch.chdir(lines.parent)
    with open(lines.name, encoding="utf-8") as file:
        monkeypatch.chdir(other)
        with again(tmp_path, file) as found:
            assert found.name == lines.name
            assert found.readline() == file.readline() == "one\n"


def test_what_is_read_ahead_of_a_file_is_one_with_it(lines: Path, tmp_path: Path) -> None:
    with lines.open("rb") as file, Logged(file, encoding="utf-8") as text:
        text.note = [text]  # type: ignore[attr-defined]
        text.readline()
        found, buffer = restored(tmp_path, text, file).locals["held"]
        assert type(found) is Logged and found.note == [found] and found.buffer is buffer
        with found:
            assert found.readline() == text.readline() == "twé\n"


def test_a_closed_file_opens_nothing(lines: Path, tmp_path: Path) -> None:
    target = tmp_path / "written.txt"
    with lines.open() as text, lines.open("rb") as file, target.open("w") as written:
        text.readline()
        written.write("abc")
    target.unlink()
    lines.unlink()
    found = restored(tmp_path, text, file, file.raw, written)
    assert found.refused == {}
    for old, new in zip((text, file, file.raw, written), found.locals["held"], strict=True):
        assert new.closed and (new.name, new.mode) == (old.name, old.mode)
        with pytest.raises(ValueError, match="closed file"):
            new.read()
    assert found.locals["held"][2] is found.locals["held"][1].raw
    assert not target.exists()


def test_a_file_that_cannot_be_opened_again_says_why(lines: Path, tmp_path: Path) -> None:
    reader, writer = os.pipe()
    socket, other = socketpair()
    target = tmp_path / "written.txt"
    with (
        open(reader, "rb") as pipe,
        open(writer, "wb") as sink,
        socket,
        other,
        socket.makefile("r") as received,
        open("/dev/zero", "rb", buffering=0) as device,
        target.open("w") as written,
        lines.open("r+b") as changed,
        lines.open(encoding="utf-8") as far,
        lines.open() as gone,
    ):
        written.write("kept")
        written.flush()
        iterated(1400)(far)
        cases = {
            "held[0].raw": (pipe, LIVE),
            "held[1].raw": (sink, LIVE),
            "held[2].buffer.raw": (written, LIVE),
            "held[3].raw": (changed, LIVE),
            "held[4].buffer.raw": (sys.__stdin__, LIVE),
            "held[5].buffer.raw._sock": (received, LIVE),
            "held[6]": (device, LIVE),
        }
        for at, (path, (file, reason)) in enumerate(cases.items()):
            held: list[object] = [None] * len(cases)
            held[at] = file
            problem = str(restored(tmp_path, *held).refused["held"])
            assert problem.startswith(path) and reason in problem
        with warnings.catch_warnings():
            # The file below the text was opened, and is dropped.
            warnings.simplefilter("ignore", ResourceWarning)
            problem = str(restored(tmp_path, far).refused["held"])
            gc.collect()
        assert "where it is was not recorded to the character" in problem
        problem = str(restored(tmp_path, gone, before=lines.unlink).refused["held"])
        assert f"{str(lines)!r} cannot be opened: No such file or directory" in problem
    assert target.read_text() == "kept"
