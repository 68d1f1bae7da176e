"""The source that is kept is that of the code that ran."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import sys
import time
import warnings
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import pytest
import spacetimepy
from spacetimepy import _source

TEXT = '''import functools

@functools.cache
def f(
    a,
):
    """Doc."""
    if a:
        pass
    # the end

class C:
    def g(self): "one line"
    h = lambda x: (x +
        1)
'''


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(_source, "_files", {})
    monkeypatch.setattr(_source, "_commits", {})
    return tmp_path


def load(path: Path, spec: ModuleSpec | None = None) -> ModuleType:
    spec = spec or importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def text_of(function: object) -> str | None:
    return _source.describe(function.__code__)[0]  # type: ignore[attr-defined]


def test_the_text_is_the_function_from_its_decorator_to_its_last_line(folder: Path) -> None:
    path = folder / "texts.py"
    path.write_text(TEXT)
    module = load(path)
    lines = TEXT.splitlines(keepends=True)
    assert text_of(module.f.__wrapped__) == "".join(lines[2:10])
    assert text_of(module.C.g) == lines[12]
    assert text_of(module.C.h) == "".join(lines[13:15])
    body = compile(TEXT, str(path), "exec", dont_inherit=True)
    assert _source.describe(body)[:2] == (TEXT, str(path))


@pytest.mark.parametrize(
    "last",
    ['    return """a\nb\n  c"""\n', "    return [\n1,\n\n2,\n]\n", "    x = (1 +\n2); y = x\n"],
)
def test_the_text_reaches_the_end_of_a_statement_that_leaves_its_indentation(
    folder: Path, last: str
) -> None:
    path = folder / "dedented.py"
    path.write_text(f"def f():\n    pass\n{last}\nafter = 1\n")
    assert text_of(load(path).f) == f"def f():\n    pass\n{last}"


def test_a_file_edited_after_its_import_gives_no_false_text(folder: Path) -> None:
    path = folder / "edited.py"
    path.write_text("def f(x):\n    return x + 1\n\ndef same():\n    return 1\n")
    module = load(path)
    path.write_text("def f(x):\n    return x + 2\n\ndef same():\n    return 1\n")
    later = time.time() + 1
    os.utime(path, (later, later))
    assert text_of(module.f) is None
    assert text_of(module.same) == "def same():\n    return 1\n"


def test_lines_end_where_the_compiler_ends_them(folder: Path) -> None:
    # A form feed, as older editors put between functions, and a separator ends no line.
    path = folder / "pages.py"
    path.write_bytes(b"x = 1\r\n\x0c\r\ndef f():\r\n    return '\xe2\x80\xa8'\r\n\x0c\r\ny = 2\r\n")
    assert text_of(load(path).f) == "def f():\n    return '\u2028'\n"


def test_the_line_of_a_state_is_the_one_that_ran(folder: Path) -> None:
    # What ends no line does not move the lines behind it either.
    path = folder / "separated.py"
    path.write_text("def f():\n    a = '\u2028'\n\x0c\n    b = '\x0c'\n    return a + b\n")
    f = load(path).f
    spacetimepy.line(f)
    with spacetimepy.init_monitoring(folder / "run.spacetime"):
        f()
    call = spacetimepy.open(folder / "run.spacetime").calls("f")[0]
    assert [(state.line, state.source) for state in call.states] == [
        (2, "    a = '\u2028'"),
        (4, "    b = '\x0c'"),
        (5, "    return a + b"),
    ]


def test_the_encoding_is_the_one_the_file_names(folder: Path) -> None:
    path = folder / "latin.py"
    path.write_bytes(b"# coding: latin-1\ndef f():\n    return '\xe9'\n")
    assert text_of(load(path).f) == "def f():\n    return '\u00e9'\n"
    path = folder / "marked.py"
    path.write_bytes(b"\xef\xbb\xbfdef f():\n    return '\xc3\xa9'\n")
    assert text_of(load(path).f) == "def f():\n    return '\u00e9'\n"


def test_the_compiler_warns_the_program_once(folder: Path) -> None:
    path = folder / "doubtful.py"
    path.write_text("def f():\n    return '\\d'\n")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        filters = list(warnings.filters)
        module = load(path)
        assert text_of(module.f) == path.read_text()
        assert warnings.filters == filters
    assert [warning.category for warning in caught] == [SyntaxWarning]


def test_an_import_hook_may_compile_something_else_than_the_file(folder: Path) -> None:
    class RewritingLoader(importlib.machinery.SourceFileLoader):
        def get_data(self, path: str) -> bytes:
            return super().get_data(path).replace(b"1", b"2")

    path = folder / "rewritten.py"
    path.write_text("def f():\n    return 1\n")
    later = time.time() + 1
    os.utime(path, (later, later))
    loader = RewritingLoader("rewritten", str(path))
    spec = importlib.util.spec_from_file_location("rewritten", path, loader=loader)
    module = load(path, spec)
    assert module.f() == 2
    assert text_of(module.f) == "def f():\n    return 1\n"


def test_code_without_a_file_has_no_text() -> None:
    assert _source.describe(compile("x = 1", "<string>", "exec"))[0] is None


@pytest.mark.parametrize("form", ["detached", "loose", "packed", "worktree"])
def test_the_commit_is_read_from_the_files_of_git(folder: Path, form: str) -> None:
    git = folder / ".git"
    git.mkdir()
    commit = "1" * 40
    if form == "detached":
        (git / "HEAD").write_text(commit + "\n")
    else:
        (git / "HEAD").write_text("ref: refs/heads/main\n")
    if form == "packed":
        (git / "packed-refs").write_text(f"# pack-refs\n{commit} refs/heads/main\n")
    elif form != "detached":
        (git / "refs" / "heads").mkdir(parents=True)
        (git / "refs" / "heads" / "main").write_text(commit + "\n")
    inner = folder / "package"
    inner.mkdir()
    if form == "worktree":
        place = git / "worktrees" / "other"
        place.mkdir(parents=True)
        (place / "HEAD").write_text("ref: refs/heads/main\n")
        (place / "commondir").write_text("../..\n")
        (inner / ".git").write_text(f"gitdir: {place}\n")
    assert _source.commit_of_folder(str(inner)) == commit
