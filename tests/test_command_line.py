"""What the commands print, for one small recorded program."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """\
LIMIT = 3

class Counter:
    def __init__(self):
        self.n = 0

    def add(self, by):
        self.n += by
        return self.n

def main(names):
    counter = Counter()
    for name in names:
        counter.add(len(name))
    return counter.n / LIMIT

main(["ab", "c", "def"])
main(None)
"""


def run(*words: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "NO_COLOR": "", **environment}
    command = [sys.executable, "-m", "spacetimepy", *words]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("commands")
    (folder / "count.py").write_text(PROGRAM)
    done = run("run", "--line", "count.py", cwd=folder)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-2:] == [
        "TypeError: 'NoneType' object is not iterable",
        "spacetime: recorded 9 calls, 27 states in count.spacetime; ended with TypeError: "
        "'NoneType' object is not iterable; to look at it there: spacetime show count.spacetime "
        "8:-1",
    ]
    return folder


def shown(*words: str, cwd: Path) -> str:
    done = run(*words, cwd=cwd)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "TIME", done.stdout)
    text = re.sub(r"Python 3\.\d+\.\d+", "Python 3", text.replace(str(cwd), ""))
    text = re.sub(r"(returned \d+) after [\d.]+ .?s\b", r"\1", text)
    text = re.sub(r"[\d.]+ .?s after its start", "TIME after its start", text)
    return "\n".join(line.rstrip() for line in text.splitlines())


def test_a_session_is_a_tree_of_calls(folder: Path) -> None:
    assert (
        shown("show", cwd=folder)
        == """\
session s1 count TIME
27 states in 9 calls, Python 3; TypeError: 'NoneType' object is not iterable

1      <module count.py> raised TypeError: 'NoneType' object is not iterable
2        Counter() returned None
3        main(names=['ab', 'c', 'def']) returned 2.0
4          Counter.__init__(self=Counter#8()) returned None
5          Counter.add(self=Counter#8(n=0), by=2) returned 2  \u00d73 (to call 7)
8        main(names=None) raised TypeError: 'NoneType' object is not iterable
9          Counter.__init__(self=Counter#9()) returned None"""
    )


def test_a_call_is_shown_with_its_states(folder: Path) -> None:
    assert (
        shown("show", "6", cwd=folder)
        == """\
call 6 Counter.add(self=Counter#8(n=2), by=1)
returned 3
/count.py:7 · session s1 · thread 0 · called by 3 · line level, 2 states

arguments
  self = Counter#8(n=2)
  by = 1

states
  6:0          8          self.n += by               self = Counter#8(n=2)  by = 1
  6:1          9          return self.n              self = Counter#8(n=3)"""
    )


def test_a_state_is_shown_with_its_source_and_values(folder: Path) -> None:
    text = shown("show", "count.spacetime", "3:-1", cwd=folder)
    assert text.splitlines()[0] == "state 3:8 of 9 main(names=['ab', 'c', 'def'])"
    current = [line for line in text.splitlines() if line.startswith(">")]
    assert [line.split("│")[0].rstrip() for line in current] == [
        ">   15      return counter.n / LIMIT"
    ]
    assert "│   counter = Counter#8(n=6)\n" in text
    assert "LIMIT = 3" in text and "* changed since" in shown("show", "3:1", cwd=folder)


def test_json_says_the_same(folder: Path) -> None:
    state = json.loads(shown("show", "6:1", "--json", cwd=folder))
    assert (state["line"], state["source"]) == (9, "        return self.n")
    counter = state["objects"][str(state["locals"]["self"]["ref"])]
    assert counter["type"] == "__main__.Counter" and counter["attributes"] == {"n": 3}
    assert state["changed"] == ["self"]
    tree = json.loads(shown("show", "--json", cwd=folder))
    assert [(run["name"], run["n"]) for run in tree["calls"]][-2:] == [
        ("main", 1),
        ("Counter.__init__", 1),
    ]
    call = json.loads(shown("show", "8", "--json", cwd=folder))
    assert call["outcome"] == "raised" and call["arguments"] == {"names": None}
    sessions = json.loads(shown("ls", "--json", cwd=folder))["sessions"]
    assert [(s["id"], s["name"], s["n_calls"]) for s in sessions] == [(1, "count", 9)]
    stats = json.loads(shown("stats", "--json", cwd=folder))
    assert stats["n_states"] == 27 and stats["viewable_rate"] == 1.0
    rows = json.loads(shown("sql", "select name from session", "--json", cwd=folder))
    assert rows == [{"name": "count"}]


def test_the_texts_of_the_other_commands(folder: Path) -> None:
    assert "9      27" in shown("ls", cwd=folder)
    assert "27 states" in shown("stats", cwd=folder)
    assert shown("sql", "count.spacetime", "select id, name from session", cwd=folder) == (
        "id  name\n1   count"
    )
    assert "recording" in shown("doctor", cwd=folder)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["show", "99"], 2),
        (["show", "3:99"], 2),
        (["show", "s9"], 2),
        (["show", "none.spacetime"], 3),
        (["ls", "count.py"], 3),
        (["sql", "select nothing from nowhere"], 2),
        (["sql", "delete from session"], 2),
        (["stats", "3"], 2),
        (["run", "none.py"], 2),
        (["run", "-m", "no_such_module"], 1),
        (["run", "-m", "no_such_package.module"], 1),
        (["run", "empty"], 1),
        (["run", "--line", "a b", "--", "count.py"], 2),
        (["run", "-o", "count.py", "count.py"], 3),
        (["run", "-o", "none/x.spacetime", "count.py"], 3),
    ],
)
def test_a_failure_has_its_exit_code_and_one_line(
    words: list[str], code: int, folder: Path
) -> None:
    (folder / "empty").mkdir(exist_ok=True)
    before = sorted(folder.iterdir())
    done = run(*words, cwd=folder)
    assert sorted(folder.iterdir()) == before
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith("spacetime: ") and len(done.stderr.splitlines()) == 1
    done = run("--json", *words, cwd=folder)
    assert done.returncode == code and json.loads(done.stderr)["exit_code"] == code


ENDS = {
    "completed": "pass",
    "exit": "raise SystemExit(3)",
    "exception": "1 / 0",
    "interrupted": "raise KeyboardInterrupt",
}


@pytest.mark.parametrize("end", ENDS)
def test_run_and_ls_name_an_end_alike(end: str, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(ENDS[end])
    closing = json.loads(run("--json", "run", "a.py", cwd=tmp_path).stderr.splitlines()[-1])
    (session,) = json.loads(shown("ls", "--json", cwd=tmp_path))["sessions"]
    assert (closing["end"], session["end"]) == (end, end)


def test_a_pattern_that_matched_nothing_is_said_as_json_after_the_run(folder: Path) -> None:
    words = ["run", "-o", "other.spacetime", "--function", "no_such", "count.py"]
    done = run("--json", *words, cwd=folder)
    closing, failure = map(json.loads, done.stderr.splitlines()[-2:])
    assert closing["end"] == "exception"
    assert failure == {"error": "no code that ran matches 'no_such'", "exit_code": 1}
    (folder / "other.spacetime").unlink()


def test_a_call_recorded_from_its_middle_says_so(tmp_path: Path) -> None:
    (tmp_path / "late.py").write_text(
        "import spacetimepy\n"
        "@spacetimepy.line\n"
        "def f(n):\n"
        "    n += 1\n"
        "    spacetimepy.enable_recording()\n"
        "    return n\n"
        "spacetimepy.disable_recording()\n"
        "f(1)\n"
    )
    assert run("run", "late.py", cwd=tmp_path).returncode == 0
    lines = shown("show", "2", cwd=tmp_path).splitlines()
    assert lines[0] == "call 2 f(n=2)"
    assert lines[3] == (
        "recording began inside this call: its arguments may have been rebound before"
    )
    assert json.loads(shown("show", "2", "--json", cwd=tmp_path))["entered_earlier"] is True


def test_the_newest_trace_here_is_meant(folder: Path, tmp_path: Path) -> None:
    assert run("ls", cwd=tmp_path).returncode == 2
    (tmp_path / "a.py").write_text("1")
    (tmp_path / "b.py").write_text("2")
    for name in ("a", "b", "a"):
        assert run("run", f"{name}.py", cwd=tmp_path).returncode == 0
    assert shown("ls", cwd=tmp_path).splitlines()[0] == "a.spacetime"
    assert len(json.loads(shown("ls", "--json", cwd=tmp_path))["sessions"]) == 2
    assert run("run", "--overwrite", "a.py", cwd=tmp_path).returncode == 0
    assert len(json.loads(shown("ls", "--json", cwd=tmp_path))["sessions"]) == 1


def test_colours_are_for_terminals(folder: Path) -> None:
    done = run("show", cwd=folder, CLICOLOR_FORCE="1")
    assert "\x1b[1m" in done.stdout


def test_a_program_runs_as_by_the_interpreter(tmp_path: Path) -> None:
    (tmp_path / "tool").mkdir()
    (tmp_path / "tool" / "__main__.py").write_text(
        "import sys, pickle, __main__\n"
        "class A: pass\n"
        "print(sys.argv[1:], __name__, __package__, __spec__ and __spec__.name, list(globals()))\n"
        "print(type(pickle.loads(pickle.dumps(A()))) is A, __main__.A is A, sys.path[0])\n"
        "sys.exit(sys.argv[1] if len(sys.argv) > 2 else 5)\n"
    )
    (tmp_path / "script.py").write_text((tmp_path / "tool" / "__main__.py").read_text())
    for words in (["-m", "tool"], ["tool"], ["script.py"], [str(tmp_path / "script.py")]):
        for more in (["one"], ["one", "--two"]):
            command = [sys.executable, *words, *more]
            plain = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
            recorded = run("run", "-o", "x.spacetime", *words, *more, cwd=tmp_path)
            assert recorded.stdout == plain.stdout
            assert recorded.returncode == plain.returncode
            assert recorded.stderr.startswith(plain.stderr)
            closing = recorded.stderr.removeprefix(plain.stderr)
            assert closing.startswith("spacetime: recorded ") and closing.count("\n") == 1


def test_a_recorded_program_may_recurse_as_deep(tmp_path: Path) -> None:
    (tmp_path / "deep.py").write_text(
        "import sys\n"
        "def f(n):\n"
        "    try:\n"
        "        return f(n + 1)\n"
        "    except RecursionError:\n"
        "        return n\n"
        "print(f(0), sys.getrecursionlimit())\n"
        "sys.setrecursionlimit(300)\n"
        "print(f(0))\n"
    )
    for words in (["deep.py"], ["-m", "deep"]):
        command = [sys.executable, *words]
        plain = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        for level in ("--line", "--function=f"):
            recorded = run("run", level, *words, cwd=tmp_path)
            assert recorded.stdout == plain.stdout


def test_a_program_gets_arguments_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "words.py").write_text("import sys; print(ascii(sys.argv))")
    command = [sys.executable, "-m", "spacetimepy", "run", "words.py", b"a\xff", "--", "-o"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout == ascii(["words.py", "a\udcff", "--", "-o"]) + "\n"
    assert done.returncode == 0


def test_states_of_which_each_shows_a_million_values_are_sampled(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(
        "def work(items):\n"
        "    for n in range(3000):\n"
        "        items[n] = n if n < 1500 else [n]\n"
        "    iterator = iter(items)\n"
        "    for n in range(9000):\n"
        "        pass\n"
        "work(dict.fromkeys(range(10**6)))\n"
    )
    assert run("run", "--line", "program.py", cwd=tmp_path).returncode == 0
    stats = json.loads(shown("stats", "--json", cwd=tmp_path))
    # Iterators are 27 % of the variables; each dict is walked in full.
    assert stats["is_sample"] and 20 < stats["n_variables"] < 300, stats
    assert stats["n_viewable"] + stats["n_live"] == stats["n_variables"]
    assert 0.1 < stats["n_live"] / stats["n_variables"] < 0.5, stats
    assert "variables, a sample of those in its states\n" in shown("stats", cwd=tmp_path)
