"""The bench of real projects: how values are drawn, copied and restored, and what is made of it."""

from __future__ import annotations

import collections
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
import spacetimepy
from conftest import TESTS, Run

BENCH = TESTS.parent / "bench" / "projects"
PACKAGE = Path(spacetimepy.__file__).parents[1]
sys.path.append(str(BENCH))

import checkout  # noqa: E402
import figures  # noqa: E402
from drawing import draw  # noqa: E402


@spacetimepy.line
def few(n: int) -> int:
    return n


@spacetimepy.line
def many(a: int, b: int, c: int, d: int, e: int) -> int:
    return a


@pytest.fixture
def trace(tmp_path: Path) -> Any:
    path = tmp_path / "run.spacetime"
    with spacetimepy.init_monitoring(path):
        for n in range(3):
            few(n)
            many(1, 2, 3, 4, n)
    with spacetimepy.open(path) as found:
        yield found


def test_every_recorded_variable_can_be_drawn_once(trace: Any) -> None:
    drawn = draw(trace, 1000, seed=1)
    assert len(drawn) == len(set(drawn))
    found = {(place[2], call, state, name) for place, call, state, name in drawn}
    assert found == {
        (function.__qualname__, call, 0, name)
        for function, names in ((few, "n"), (many, "abcde"))
        for call in range(3)
        for name in names
    }


def test_each_variable_is_drawn_as_often_as_any_other(trace: Any) -> None:
    """Whether its state has one or five."""
    n_draws = 300
    n_drawn = collections.Counter(
        pair for seed in range(n_draws) for pair in draw(trace, 6, seed=seed)
    )
    assert len(n_drawn) == 18 and n_drawn.total() == 6 * n_draws
    # A third of the draws each; the standard deviation is 8.
    assert all(60 < n < 140 for n in n_drawn.values()), n_drawn


SUITE = """
import threading, collections

def count(limit):
    n = 0
    while n < limit: n += 1
    for i in range(limit): yield [n, i]

def down(n):
    rest = down(n - 1) if n else []
    return [n, *rest]

def test_values():
    pair = collections.namedtuple("pair", "left right")
    pairs = [pair(n, [n]) for n in range(4)]
    assert [p.left for p in pairs] == list(range(4))
    assert {n for p in pairs for n in p.right} == set(range(4))

    def inner(n):
        doubled = {m: 2 * m for m in range(n)}
        if n: inner(n - 1)
        return doubled

    assert inner(3) == {0: 0, 1: 2, 2: 4}
    def items(limit):
        for i in range(limit): yield i
        left = [i]
        yield left
    assert list(items(2)) == [0, 1, [1]]

def test_threads():
    done = []
    def work(n):
        parts = [n + k for k in range(3)]
        done.append(parts)
    threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
    for t in threads: t.start()
    for t in threads: t.join()
    assert len(done) == 3
"""


def test_what_is_drawn_is_copied_and_restored(run: Run, tmp_path: Path) -> None:
    (tmp_path / "test_suite.py").write_text(SUITE)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    path = f"{PACKAGE}{os.pathsep}{BENCH}"

    def record(name: str, *options: str, **variables: str) -> Path:
        command = [sys.executable, "-m", "pytest", "-p", "spacetimepy.pytest_plugin"]
        command += ["--spacetime=line", f"--spacetime-path={name}", *options]
        # Where the package is installed, pytest would load it a second time.
        variables |= {"PYTHONPATH": path, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        done = run(*command, cwd=tmp_path, **variables)
        assert done.returncode == 0, done.stdout + done.stderr
        return tmp_path / name

    with spacetimepy.open(record("first.spacetime")) as trace:
        n_states = trace.sessions[0].n_states
        drawn = draw(trace, 100_000, seed=1)
    assert len(drawn) > n_states
    (tmp_path / "wanted.json").write_text(json.dumps(drawn))
    record(
        *("second.spacetime", "-p", "copying"),
        RESTORABLE_WANTED=str(tmp_path / "wanted.json"),
        RESTORABLE_COPIES=str(tmp_path / "copies.json"),
    )
    command = [str(BENCH / "restorable.py"), "second.spacetime", "copies.json", "100000"]
    done = run(sys.executable, *command, cwd=tmp_path, PYTHONPATH=path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["n_wanted"] == len(drawn)
    assert found["n_not_met"] == found["n_not_aligned"] == 0, found
    outcomes = found["outcomes"]
    assert set(outcomes) == {"equal", "live"}, found["reasons"]
    assert outcomes["equal"] + outcomes["live"] == len(drawn)
    assert outcomes["equal"] > outcomes["live"] > 0  # iterators and threads


RESTORED = {
    "outcomes": {"equal": 90, "refused": 8, "different": 2, "live": 5, "left out": 3},
    "reasons": [["refused: made inside a function", 8], ["different: x at f.py:1", 2]],
    "n_wanted": 120,
    "n_not_met": 10,
    "n_not_aligned": 2,
}
SUMMARY = {
    "n_calls": 7,
    "n_states": 70,
    "n_viewable": 396,
    "n_live": 50,
    "not_viewable": [("excluded by the user", 20), ("opaque m.T", 4)],
}


def measured(**changes: Any) -> figures.Figures:
    """Figures of three runs of each kind, of which the first does not count."""
    outcomes = {"a": "passed", "b": "passed", "c": "failure"}
    facts: dict[str, Any] = {
        "plain": [checkout.Run(cpu, outcomes) for cpu in (9.0, 2.0, 4.0, 3.0)],
        "recorded": [checkout.Run(cpu, outcomes) for cpu in (99.0, 2.2, 4.0, 3.6)],
        "n_bytes": 1 << 20,
        "summary": SUMMARY,
        "restored": RESTORED,
    }
    return figures.figures_of("project", "1.0", **(facts | changes))


def test_figures_are_medians_and_shares() -> None:
    found = measured()
    assert found.tests == {"passed": 2, "failure": 1} and found.differing == {}
    assert (found.n_turns, found.plain_cpu) == (3, 3.0)
    assert found.added_cpu == pytest.approx(0.1)
    assert (found.n_viewed, found.viewable) == (400, 0.99)
    assert (found.n_live, found.n_left_out) == (50, 20)
    assert (found.n_restored, found.restorable) == (100, 0.9)


def test_short_suites_are_run_more_often() -> None:
    assert [figures.enough_turns(cpu) for cpu in (60.0, 2.0, 1.1, 0.01)] == [5, 8, 14, 15]


def test_rows_tell_which_budget_is_missed() -> None:
    verdicts = {row.name: row.is_met for row in measured().rows() if row.is_met is not None}
    assert verdicts == {
        "tests": True,
        "added CPU": True,
        "trace": True,
        "viewable": False,
        "restorable": False,
    }
    assert measured().n_over == 2
    assert measured(n_bytes=11 << 20).n_over == 3
    slow = [checkout.Run(cpu, {}) for cpu in (0.0, 3.0, 6.0, 4.0)]
    assert measured(recorded=slow).n_over == 4  # tests that are not there differ too
    texts = " ".join(row.figure for row in measured().rows())
    assert "5 hold what has no value" in texts and "3 what is left out on purpose" in texts


def test_a_test_that_differs_is_named_with_its_outcomes() -> None:
    runs = [checkout.Run(1.0, {"a": "passed"}), checkout.Run(1.0, {"a": "failure", "b": "passed"})]
    found = measured(plain=runs, recorded=runs)
    assert found.differing == {
        "a": ["passed", "failure", "passed", "failure"],
        "b": [None, "passed", None, "passed"],
    }


def test_of_nothing_there_is_no_share_that_is_missed() -> None:
    empty = SUMMARY | {"n_viewable": 0, "not_viewable": []}
    found = measured(summary=empty, restored=RESTORED | {"outcomes": {}, "reasons": []})
    assert (found.viewable, found.restorable, found.n_over) == (1.0, 1.0, 0)
    json.dumps(found.as_json())


REPORT = """<testsuites><testsuite>
<testcase classname="m" name="a"/>
<testcase classname="m" name="b"><failure/></testcase>
<testcase classname="m" name="b"><error/></testcase>
<testcase classname="m" name="c"><skipped/></testcase>
</testsuite></testsuites>"""


def test_outcomes_are_read_from_a_report(tmp_path: Path) -> None:
    (tmp_path / "report.xml").write_text(REPORT)
    assert checkout.outcomes_in(tmp_path / "report.xml") == {
        "m::a": "passed",
        "m::b": "failure+error",
        "m::c": "skipped",
    }


def test_what_cannot_be_fetched_is_said_in_one_line(run: Run, tmp_path: Path) -> None:
    """Without the network; what an earlier run left half made goes."""
    rest = tmp_path / f"tomlkit-python{sys.version_info.major}.{sys.version_info.minor}" / "rest"
    rest.mkdir(parents=True)
    command = [sys.executable, str(BENCH), "--cache", str(tmp_path), "--only", "tomlkit"]
    done = run(*command, cwd=tmp_path, PIP_NO_INDEX="1", PIP_CONFIG_FILE=os.devnull)
    assert (done.returncode, done.stdout) == (2, "")
    progress, error = done.stderr.splitlines()
    assert progress == "tomlkit 0.13.3: preparing"
    assert error.startswith("tomlkit 0.13.3 cannot be prepared: ") and "pytest==8.4.2" in error
    assert not rest.exists()


def test_a_name_that_no_project_has_is_said_with_those_there_are(run: Run, tmp_path: Path) -> None:
    command = [sys.executable, str(BENCH), "--cache", str(tmp_path), "--only", "flask"]
    done = run(*command, cwd=tmp_path)
    assert done.returncode == 2
    assert "no project has 'flask' in its name: cherrypy, discord.py" in done.stderr
