"""`pytest --spacetime=...`: real runs of pytest over small suites, and what their traces say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import spacetimepy
from spacetimepy import Trace

Suite = dict[str, str]

INI = "[pytest]\nasyncio_default_fixture_loop_scope = function\n"


def run_pytest(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "100", **variables}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words]
    if "spacetimepy.pytest_plugin" not in plugins_found():
        command[3:3] = ["-p", "spacetimepy.pytest_plugin"]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )


def plugins_found() -> set[str]:
    from importlib.metadata import entry_points

    return {entry.value for entry in entry_points(group="pytest11")}


def write(folder: Path, suite: Suite) -> None:
    for name, text in suite.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "pytest.ini").write_text(INI)


def recorded(folder: Path, suite: Suite, *words: str) -> tuple[Trace, str]:
    """Runs the suite plain and recorded, which must end alike; gives the trace and the output."""
    write(folder, suite)
    plain = run_pytest(folder, *words)
    if not any(word.startswith("--spacetime=") for word in words):
        words = ("--spacetime=line", *words)
    done = run_pytest(folder, *words)
    assert counts_in(done.stdout) == counts_in(plain.stdout), done.stdout + done.stderr
    assert done.returncode == plain.returncode
    return spacetimepy.open(folder / "pytest.spacetime"), done.stdout


def counts_in(output: str) -> str:
    """The counts of pytest's last line."""
    found = re.findall(r"(\d+ (?:passed|failed|error|skipped|xfailed|xpassed)s?)", output)
    return ", ".join(found[-6:])


def commands_in(output: str) -> list[str]:
    """What stands below failures in place of, or as, the command that opens them."""
    lines = output.splitlines()
    is_title = [bool(re.fullmatch("-+ spacetime -+", line)) for line in lines]
    return [line for line, is_below in zip(lines[1:], is_title, strict=False) if is_below]


def outcomes_in(trace: Trace) -> dict[str, str]:
    """The outcome of each test's own call, by node id."""
    return {
        call.metadata["nodeid"]: call.metadata["outcome"]
        for call in trace.calls()
        if call.metadata and "when" not in call.metadata
    }


KINDS = {
    "test_kinds.py": """\
import asyncio
import unittest

import pytest


def helper(n):
    return n + 1


def test_plain():
    value = helper(1)
    assert value == 2


@pytest.mark.parametrize("text", ["a b", "[x]", "\\u00fc", "a::b"])
def test_parametrised(text):
    assert text


class TestClass:
    def setup_method(self):
        self.ready = True

    def test_method(self):
        assert self.ready


class Case(unittest.TestCase):
    def setUp(self):
        self.ready = True

    def test_case(self):
        self.assertTrue(self.ready)

    def test_failing_case(self):
        self.assertFalse(self.ready)


class AsyncCase(unittest.IsolatedAsyncioTestCase):
    async def test_async_case(self):
        await asyncio.sleep(0)


@pytest.mark.asyncio
async def test_coroutine():
    await asyncio.sleep(0)
    assert True


def test_fails():
    value = [1, 2]
    assert helper(1) == value[0]


@pytest.mark.xfail
def test_expected_failure():
    assert False


@pytest.mark.xfail
def test_unexpected_pass():
    pass


@pytest.mark.skip
def test_skipped():
    pass


def test_skips_itself():
    pytest.skip("later")


@pytest.fixture
def broken():
    number = 1
    raise ValueError("no fixture")


@pytest.fixture
def breaks_at_the_end():
    yield 1
    raise ValueError("no end")


def test_without_fixture(broken):
    pass


def test_with_broken_end(breaks_at_the_end):
    pass
"""
}

OUTCOMES = {
    "test_plain": "passed",
    "test_parametrised[a b]": "passed",
    "test_parametrised[[x]]": "passed",
    "test_parametrised[\\xfc]": "passed",
    "test_parametrised[a::b]": "passed",
    "TestClass::test_method": "passed",
    "Case::test_case": "passed",
    "Case::test_failing_case": "failed",
    "AsyncCase::test_async_case": "passed",
    "test_coroutine": "passed",
    "test_fails": "failed",
    "test_expected_failure": "xfailed",
    "test_unexpected_pass": "xpassed",
    "test_skips_itself": "skipped",
    "test_with_broken_end": "error",
}


@pytest.mark.parametrize("level", ["line", "function"])
def test_each_test_is_a_call_with_its_node_id_and_outcome(level: str, tmp_path: Path) -> None:
    trace, _ = recorded(tmp_path, KINDS, f"--spacetime={level}")
    assert outcomes_in(trace) == {f"test_kinds.py::{name}": o for name, o in OUTCOMES.items()}
    (session,) = trace.sessions
    assert (session.name, session.ending, session.message) == ("pytest", "exit", "1")
    # A test that was skipped, or whose fixture failed, has no call.
    assert session.metadata["outcomes"] == {
        "passed": 9,
        "failed": 2,
        "xfailed": 1,
        "xpassed": 1,
        "skipped": 2,
        "error": 2,
    }
    assert {call.is_line_level for call in trace.calls()} == {level == "line"}
    assert {call.qualname for call in trace.calls()} >= {"TestClass.setup_method", "Case.setUp"}
    assert not trace.calls("helper")


def test_a_fixture_that_fails_is_a_call_with_the_test_that_asked_for_it(tmp_path: Path) -> None:
    trace, output = recorded(tmp_path, KINDS)
    (fixture,) = trace.calls("broken")
    assert fixture.outcome == "RAISED" and fixture.states[-1].locals == {"number": 1}
    assert fixture.metadata == {
        "nodeid": "test_kinds.py::test_without_fixture",
        "outcome": "error",
        "when": "setup",
    }
    (end,) = trace.calls("breaks_at_the_end")
    assert end.metadata["when"] == "teardown"
    commands = re.findall(r"^spacetime show pytest\.spacetime (\d+):-1$", output, re.MULTILINE)
    assert {int(id) for id in commands} == {
        *(call.id for call in trace.calls() if call.metadata.get("outcome") in ("failed", "error"))
    } - {trace.calls("test_with_broken_end")[0].id}


def test_a_failure_prints_the_command_that_opens_it(tmp_path: Path) -> None:
    trace, output = recorded(tmp_path, KINDS, "-k", "test_fails")
    call = trace.calls("test_fails")[0]
    expected = f"spacetime show pytest.spacetime {call.id}:-1"
    below = output.split("assert helper(1) == value[0]")[1]
    assert re.search(rf"-+ spacetime -+\n{re.escape(expected)}\n", below)
    shown = subprocess.run(
        [sys.executable, "-m", "spacetimepy", *expected.split()[1:]],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert re.search(r"^> +\d+ +assert helper\(1\) == value\[0\]", shown.stdout, re.MULTILINE)
    assert (
        "\nspacetime: recorded 1 call, 2 states in pytest.spacetime; to look at it: "
        "spacetime show pytest.spacetime\n"
    ) in output


REWRITTEN = {
    "test_rewritten.py": """\
import pytest

LIMIT = 3
assert LIMIT == 3


@pytest.fixture
def stack():
    return [1, 2]


def test_rewritten(stack):
    other = stack
    assert stack.pop() == 2 and len(other) == 1
    total = 0
    assert (
        total
        < LIMIT
    ), "too much"
    with pytest.raises(AssertionError):
        assert all(n > 1 for n in other)
"""
}


def test_rewritten_assertions_are_shown_as_people_wrote_them(tmp_path: Path) -> None:
    trace, _ = recorded(tmp_path, REWRITTEN)
    lines = REWRITTEN["test_rewritten.py"].splitlines()
    (call,) = trace.calls("test_rewritten")
    assert call.code.text.splitlines() == lines[11:]
    assert call.code.first_line == 12
    for state in call.states:
        assert state.source == lines[state.line - 1]
        names = [*state.locals, *state.globals]
        assert not [name for name in names if not name.isidentifier()]
    ends = [(state.line, state.locals.get("stack")) for state in call.states]
    assert ends[0] == (13, [1, 2]) and (14, [1, 2]) in ends and (15, [1]) in ends
    assert {state.line for state in call.states} >= {13, 14, 15, 16, 20, 21}
    last = call.states[-1].locals
    assert last["stack"] is last["other"]
    (inside,) = trace.calls("test_rewritten.<locals>.<genexpr>")
    assert inside.states[0].source == lines[20]


FAILING = {
    "test_failing.py": """\
import time

import pytest


@pytest.fixture(scope="module")
def shared():
    return {"n": 0}


@pytest.mark.parametrize("n", range(6))
def test_some(n, shared):
    shared["n"] += 1
    if n == 2:
        time.sleep(0.3)
    assert n % 3 != 1


def test_long():
    for i in range(100_000):
        pass


def test_error(no_such_fixture):
    pass
"""
}


def test_failed_keeps_failures_alone(tmp_path: Path) -> None:
    trace, output = recorded(tmp_path, FAILING, "--spacetime=failed")
    names = ["test_some[1]", "test_some[4]"]
    assert [session.name for session in trace.sessions] == [f"test_failing.py::{n}" for n in names]
    first, second = trace.sessions
    assert (first.ending, first.message) == ("exception", "AssertionError: assert (1 % 3) != 1")
    (call,) = second.calls
    assert call.metadata == {"nodeid": "test_failing.py::test_some[4]", "outcome": "failed"}
    assert call.arguments == {"n": 4, "shared": {"n": 4}}
    nothing, *commands = commands_in(output)
    assert nothing.startswith("nothing of this was recorded: ")
    assert commands[1] == f"spacetime show pytest.spacetime {call.id}:-1"
    tables = ("session", "chunk", "session_code", "call_metadata")
    counts = [trace.sql(f"SELECT count(DISTINCT session) FROM {t}")[0][0] for t in tables[1:]]
    assert counts == [2, 2, 2]
    assert trace.sql("SELECT count(*) FROM chunk_data") == trace.sql("SELECT count(*) FROM chunk")
    codes = {code.qualname for code in trace.codes()}
    assert {row[0] for row in trace.sql("SELECT qualname FROM code")} == codes
    assert codes == {"test_some", "test_some.<locals>.<lambda>"} & codes


def test_failed_without_a_failure_keeps_nothing(tmp_path: Path) -> None:
    trace, output = recorded(tmp_path, FAILING, "--spacetime=failed", "-k", "test_some and 0")
    assert not trace.sessions
    assert "spacetime: no test failed, nothing was kept in pytest.spacetime" in output
    trace, output = recorded(tmp_path, FAILING, "--spacetime=failed", "-k", "test_error")
    assert not trace.sessions
    assert "spacetime: of what failed nothing could be recorded, nothing was kept" in output


BROKEN_FOR_MANY = {
    "test_broken.py": """\
import pytest


@pytest.fixture(scope="module")
def broken():
    number = 1
    raise ValueError("no fixture")


def test_first(broken):
    pass


def test_second(broken):
    pass


def test_third(request):
    request.getfixturevalue("broken")
"""
}


@pytest.mark.parametrize("level", ["line", "failed"])
def test_a_fixture_that_failed_before_is_shown_where_it_failed(level: str, tmp_path: Path) -> None:
    trace, output = recorded(tmp_path, BROKEN_FOR_MANY, f"--spacetime={level}")
    (call,) = trace.calls("broken")
    assert call.metadata["nodeid"] == "test_broken.py::test_first"
    assert commands_in(output) == 3 * [f"spacetime show pytest.spacetime {call.id}:-1"]
    # The first test has the fixture alone, the second nothing.
    assert [len(s.calls) for s in trace.sessions] == ([2] if level == "line" else [1, 1])


NOT_BY_AN_EXCEPTION = {
    "test_parts.py": """\
import unittest

import pytest


@pytest.mark.xfail(strict=True)
def test_unexpected_pass():
    value = 1


def test_parts(subtests):
    for n in range(3):
        with subtests.test(n=n):
            assert n == 1


def test_skipped_part(subtests):
    with subtests.test():
        pytest.skip("later")


class Case(unittest.TestCase):
    def test_case(self):
        for n in range(3):
            with self.subTest(n=n):
                self.assertEqual(n, 1)
"""
}


@pytest.mark.parametrize("level", ["line", "failed"])
@pytest.mark.parametrize("workers", [[], ["-n", "1"]])
def test_each_report_of_a_failure_has_a_command(
    level: str, workers: list[str], tmp_path: Path
) -> None:
    trace, output = recorded(tmp_path, NOT_BY_AN_EXCEPTION, f"--spacetime={level}", *workers)
    (passed,) = trace.calls("test_unexpected_pass")
    assert passed.metadata["outcome"] == "failed"
    commands = [command.rpartition(" ")[2] for command in commands_in(output)]
    (parts,), (case,) = trace.calls("test_parts"), trace.calls("Case.test_case")
    assert commands[0] == f"{passed.id}:-1"
    assert commands[3] == f"{parts.id}:-1"
    assert len(commands) == 6
    # A part is shown as it was when it failed.
    for call, states in ((parts, commands[1:3]), (case, commands[4:6])):
        assert [state.partition(":")[0] for state in states] == 2 * [str(call.id)]
        indices = [int(state.partition(":")[2]) for state in states]
        assert [call.states[index].locals["n"] for index in indices] == [0, 2]
    if level == "line":
        assert outcomes_in(trace)["test_parts.py::test_skipped_part"] == "passed"


def test_a_run_begins_the_default_trace_afresh_and_adds_to_a_named_one(tmp_path: Path) -> None:
    write(tmp_path, REWRITTEN)
    for _ in range(2):
        assert run_pytest(tmp_path, "--spacetime=line").returncode == 0
        named = run_pytest(tmp_path, "--spacetime=line", "--spacetime-path=my trace.spacetime")
    assert len(spacetimepy.open(tmp_path / "pytest.spacetime").sessions) == 1
    assert len(spacetimepy.open(tmp_path / "my trace.spacetime").sessions) == 2
    assert "to look at it: spacetime show 'my trace.spacetime'" in named.stdout


@pytest.mark.parametrize(
    ("given", "shown", "made"),
    [
        ("no such/../my.spacetime", "my.spacetime", "my.spacetime"),
        ("-my.spacetime", "./-my.spacetime", "-my.spacetime"),
        ("", "pytest.spacetime", "pytest.spacetime"),
    ],
)
def test_a_trace_is_named_as_one_would_type_it(
    given: str, shown: str, made: str, tmp_path: Path
) -> None:
    write(tmp_path, REWRITTEN)
    for _ in range(2):
        done = run_pytest(tmp_path, "--spacetime=line", f"--spacetime-path={given}")
        assert done.returncode == 0, done.stdout
        assert f"to look at it: spacetime show {shown}\n" in done.stdout
    assert len(spacetimepy.open(tmp_path / made).sessions) == (2 if given else 1)


MOVING = {
    "test_moving.py": """\
import os

def test_moves():
    os.rename("folder", "other folder")
"""
}


def test_a_trace_that_was_moved_is_named_where_it_is(tmp_path: Path) -> None:
    write(tmp_path, MOVING)
    (tmp_path / "folder").mkdir()
    done = run_pytest(tmp_path, "--spacetime=line", "--spacetime-path=folder/my.spacetime")
    assert done.returncode == 0, done.stdout
    path = tmp_path / "other folder" / "my.spacetime"
    assert f" in '{path}'; to look at it: spacetime show '{path}'\n" in done.stdout
    assert [call.name for call in spacetimepy.open(path).calls()] == ["test_moves"]


def test_nothing_is_touched_where_no_test_runs(tmp_path: Path) -> None:
    write(tmp_path, REWRITTEN)
    assert run_pytest(tmp_path, "--spacetime=line").returncode == 0
    trace = tmp_path / "pytest.spacetime"
    before = trace.read_bytes()
    (tmp_path / "test_wrong.py").write_text("import no_such_module")
    for words, code in (
        (["--co", "test_rewritten.py"], 0),
        ([], 2),
        (["-k", "no_such_test", "test_rewritten.py"], 5),
        (["--no-such-option"], 4),
        (["--help"], 0),
    ):
        done = run_pytest(tmp_path, "--spacetime=line", *words)
        assert (done.returncode, trace.read_bytes()) == (code, before), done.stdout
        assert "spacetime: " not in done.stdout
    # What could be collected is run if that was asked for.
    done = run_pytest(tmp_path, "--spacetime=line", "--continue-on-collection-errors")
    assert done.returncode == 1
    assert len(spacetimepy.open(trace).calls("test_rewritten")) == 1


def test_help_says_what_happens_to_a_trace(tmp_path: Path) -> None:
    text = " ".join(run_pytest(tmp_path, "--help").stdout.split())
    assert "--spacetime={line,function,failed}" in text
    assert "pytest.spacetime in the folder where pytest is started, which each run begins" in text


@pytest.mark.parametrize("place", ["no/such/folder/x.spacetime", "pytest.ini", "."])
@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_a_place_that_cannot_be_written_stops_pytest_with_a_reason(
    place: str, workers: list[str], tmp_path: Path
) -> None:
    write(tmp_path, REWRITTEN)
    done = run_pytest(tmp_path, "--spacetime=line", f"--spacetime-path={place}", *workers)
    assert done.returncode == 4
    named = re.escape(str((tmp_path / place).resolve()).removesuffix("/x.spacetime"))
    assert re.search(rf"^ERROR: --spacetime: .*{named}", done.stderr)
    assert (tmp_path / "pytest.ini").read_text() == INI


def test_stopping_at_the_first_failure_completes_the_trace(tmp_path: Path) -> None:
    trace, _ = recorded(tmp_path, FAILING, "-x")
    assert len(trace.calls("test_some")) == 2
    assert trace.sessions[0].ending == "exit"


INTERRUPTED = {
    "test_interrupted.py": """\
import os
import signal

import pytest


@pytest.fixture(scope="session")
def resource():
    yield 1
    finished = True


def test_before(resource):
    pass


def test_interrupted(resource):
    reached = 1
    os.kill(os.getpid(), signal.SIGINT)
    reached = 2


def test_after(resource):
    pass
"""
}


@pytest.mark.parametrize("level", ["line", "failed"])
def test_ctrl_c_leaves_a_complete_trace(level: str, tmp_path: Path) -> None:
    trace, output = recorded(tmp_path, INTERRUPTED, f"--spacetime={level}")
    assert "KeyboardInterrupt" in output
    session = trace.sessions[-1]
    assert (session.ending, session.message) == ("interrupted", None)
    (call,) = trace.calls("test_interrupted")
    assert call.metadata["outcome"] == "interrupted"
    assert call.states[-1].locals == {"resource": 1, "reached": 1}
    if level == "line":
        assert trace.calls("resource")[0].outcome == "RETURNED"


ENDING_PYTEST = {
    "test_ending.py": """\
import pytest


def test_ends():
    value = 1
    pytest.exit("enough", returncode=7)
"""
}


@pytest.mark.parametrize("level", ["line", "failed"])
def test_the_closing_line_comes_with_any_exit_code(level: str, tmp_path: Path) -> None:
    trace, output = recorded(tmp_path, ENDING_PYTEST, f"--spacetime={level}")
    assert trace.calls("test_ends")[0].metadata["outcome"] == "interrupted"
    assert output.count("spacetime: recorded 1 call, 2 states in pytest.spacetime; to look") == 1


@pytest.mark.parametrize("level", ["line", "failed"])
def test_a_test_that_ends_a_worker_has_a_command(level: str, tmp_path: Path) -> None:
    # pytest-xdist has no report of a test that chose the exit code.
    suite = {name: text.replace(", returncode=7", "") for name, text in ENDING_PYTEST.items()}
    trace, output = recorded(tmp_path, suite, "-n", "1", f"--spacetime={level}")
    (call,) = trace.calls("test_ends")
    assert commands_in(output) == [f"spacetime show pytest.spacetime {call.id}:-1"]


MANY = {
    "test_many.py": """\
import os
import time

import pytest


@pytest.mark.parametrize("n", range(40))
def test_many(n):
    mine = os.getpid(), n
    if n % 10 == 7:
        time.sleep(0.12)
    assert n % 10 != 7
"""
}


def test_the_workers_of_xdist_record_into_one_trace(tmp_path: Path) -> None:
    trace, output = recorded(tmp_path, MANY, "-n", "4")
    assert {session.name for session in trace.sessions} == {f"pytest gw{n}" for n in range(4)}
    assert {session.ending for session in trace.sessions} <= {"completed", "exit"}
    assert outcomes_in(trace) == {
        f"test_many.py::test_many[{n}]": "failed" if n % 10 == 7 else "passed" for n in range(40)
    }
    for call in trace.calls("test_many"):
        n = call.arguments["n"]
        assert call.metadata["nodeid"] == f"test_many.py::test_many[{n}]"
        assert call.states[-1].locals["mine"] == (call.session.process["pid"], n)
        assert trace.call(call.id) == call
    commands = re.findall(r"^spacetime show pytest\.spacetime (\d+):-1$", output, re.MULTILINE)
    failed = {trace.call(int(id)).arguments["n"] for id in commands}
    assert failed == {7, 17, 27, 37} and len(commands) == 4
    assert "spacetime: recorded 40 calls, " in output
    assert "in 4 sessions in pytest.spacetime; to look at it: spacetime ls" in output


def test_the_workers_of_xdist_keep_failures_alone(tmp_path: Path) -> None:
    trace, output = recorded(tmp_path, MANY, "-n", "4", "--spacetime=failed")
    names = sorted(session.name for session in trace.sessions)
    assert names == [f"test_many.py::test_many[{n}]" for n in (17, 27, 37, 7)]
    commands = re.findall(r"^spacetime show pytest\.spacetime (\d+):-1$", output, re.MULTILINE)
    for id in commands:
        call = trace.call(int(id))
        assert call.session.name == f"test_many.py::test_many[{call.arguments['n']}]"
    assert len(commands) == 4


CRASHING = {
    "test_crashing.py": """\
import os
import time


def test_before():
    value = 1


def test_crashing():
    reached = 1
    time.sleep(0.3)
    os._exit(7)


def test_after():
    value = 2
"""
}


@pytest.mark.parametrize("level", ["line", "failed"])
def test_what_a_crashed_worker_recorded_is_kept(level: str, tmp_path: Path) -> None:
    trace, output = recorded(tmp_path, CRASHING, "-n", "1", f"--spacetime={level}")
    below = output.split("crashed while running 'test_crashing.py::test_crashing'")[1]
    (call,) = trace.calls("test_crashing")
    assert call.outcome == "OPEN" and call.states[-1].locals == {"reached": 1}
    command = f"spacetime show pytest.spacetime {call.id}:-1"
    assert below.splitlines()[2:4] == ["what its process stored last:", command]
    if level == "line":
        assert outcomes_in(trace)["test_crashing.py::test_after"] == "passed"
    else:
        assert [session.name for session in trace.sessions] == ["test_crashing.py::test_crashing"]


KILLED = {
    "conftest.py": """\
import os
import signal


def pytest_runtest_setup(item):
    if item.name == "test_killed":
        os.kill(os.getpid(), signal.SIGKILL)
""",
    "test_killed.py": """\
def test_fails():
    value = [1, 2]
    assert value == [1]


def test_killed():
    pass
""",
}


@pytest.mark.parametrize("level", ["line", "function", "failed"])
def test_what_a_printed_command_shows_outlives_its_process(level: str, tmp_path: Path) -> None:
    trace, output = recorded(tmp_path, KILLED, "-n", "1", f"--spacetime={level}")
    (call,) = trace.calls()
    assert (call.name, call.outcome, call.metadata["outcome"]) == ("test_fails", "RAISED", "failed")
    state = "" if level == "function" else ":-1"
    assert commands_in(output) == [
        f"spacetime show pytest.spacetime {call.id}{state}",
        "nothing of this test was stored before its process died",
    ]


FORKING = {
    "test_forking.py": """\
import multiprocessing
import os


def test_forks():
    pid = os.fork()
    if pid == 0:
        place = "child"
        os._exit(3)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 3


def test_starts_a_worker():
    def work(n):
        return n + 1

    worker = multiprocessing.get_context("fork").Process(target=work, args=(3,))
    worker.start()
    worker.join()
    assert worker.exitcode == 0
"""
}


@pytest.mark.parametrize("workers", [[], ["-n", "1"]])
def test_forked_processes_have_sessions_of_their_own(workers: list[str], tmp_path: Path) -> None:
    trace, _ = recorded(tmp_path, FORKING, *workers)
    main, forked, worker = trace.sessions
    assert [call.name for call in main.calls] == ["test_forks", "test_starts_a_worker"]
    assert (forked.parent, forked.ending) == (main.calls[0], "exit")
    assert forked.calls[0].states[-1].locals == {"pid": 0, "place": "child"}
    (work,) = trace.calls("test_starts_a_worker.<locals>.work")
    assert (work.session, work.arguments, work.value) == (worker, {"n": 3}, 4)
    assert worker.parent == main.calls[1]
    assert set(outcomes_in(trace).values()) == {"passed"}


def test_forked_processes_are_no_part_of_failures_alone(tmp_path: Path) -> None:
    trace, _ = recorded(tmp_path, FORKING, "--spacetime=failed")
    assert not trace.sessions
    text = " ".join(run_pytest(tmp_path, "--help").stdout.split())
    assert "In processes that tests fork as well, unless failures alone are kept" in text


BROKEN_OFF = {
    "test_broken_off.py": """\
import resource
import signal


def test_limits():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, most))


def test_fails():
    assert False


def test_passes():
    pass
"""
}


@pytest.mark.parametrize("level", ["line", "failed"])
@pytest.mark.parametrize("workers", [[], ["-n", "1"]])
def test_tests_go_on_where_nothing_more_can_be_written(
    level: str, workers: list[str], tmp_path: Path
) -> None:
    write(tmp_path, BROKEN_OFF)
    plain = run_pytest(tmp_path, *workers)
    done = run_pytest(tmp_path, f"--spacetime={level}", *workers)
    assert counts_in(plain.stdout) == counts_in(done.stdout) == "1 failed, 2 passed", done.stdout
    assert done.returncode == plain.returncode
    assert done.stdout.count("spacetime: recording failed: the limit on the size of files") == 1
    # What fails to be stored is known at once only where it is stored at once.
    if workers or level == "failed":
        assert commands_in(done.stdout) == []
    assert done.stderr == plain.stderr


FOLDER_TAKEN_AWAY = {
    "conftest.py": """\
import shutil

import pytest

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol():
    shutil.rmtree("taken", ignore_errors=True)
""",
    "test_some.py": """\
import pytest

@pytest.mark.parametrize("n", range(4))
def test_some(n):
    assert n != 2
""",
}


def test_tests_go_on_in_a_worker_that_cannot_open_the_trace(tmp_path: Path) -> None:
    write(tmp_path, FOLDER_TAKEN_AWAY)
    (tmp_path / "taken").mkdir()
    path = "taken/run.spacetime"
    done = run_pytest(tmp_path, "-n", "2", "--spacetime=line", f"--spacetime-path={path}")
    assert (done.returncode, counts_in(done.stdout)) == (1, "1 failed, 3 passed"), done.stdout
    problem = f"spacetime: recording failed: cannot create {tmp_path / path}: there is no folder"
    assert done.stdout.count(problem) == 1, done.stdout


ODD = {
    "conftest.py": """\
import pytest


@pytest.fixture(autouse=True)
def around():
    before = 1
    yield before
    after = 2
""",
    "test_odd.py": """\
import builtins
import functools
import json
import os
import sys
import unittest.mock

import pytest

import spacetimepy


def test_forks():
    pid = os.fork()
    if pid == 0:
        os._exit(3)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 3


@pytest.fixture
def patched(monkeypatch):
    monkeypatch.setattr(json, "dumps", None)
    monkeypatch.setattr(os, "getpid", None)
    monkeypatch.setattr(os, "getcwd", None)
    for name in ("open", "len", "repr", "isinstance"):
        monkeypatch.setattr(builtins, name, getattr(builtins, name))
    yield


def test_patches(patched, monkeypatch):
    monkeypatch.setattr(os.path, "join", None)
    assert json.dumps is None


def test_changes_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert os.listdir() == []


@unittest.mock.patch("json.loads")
def test_mocked(loads):
    assert json.loads is loads


def test_captures(capsys):
    print("heard")
    assert capsys.readouterr().out == "heard\\n"


def test_records_itself(tmp_path):
    @spacetimepy.line
    def double(x):
        return 2 * x

    with spacetimepy.init_monitoring(tmp_path / "own.spacetime") as recorder:
        assert double(4) == 8
        with spacetimepy.session_context(name="of the test"):
            double(5)


def test_after_a_session_of_its_own():
    pass


def test_recursion():
    def down(n):
        return n and down(n - 1)

    with pytest.raises(RecursionError):
        down(sys.getrecursionlimit())


def test_arguments(request, pytestconfig):
    assert pytestconfig.getoption("spacetime", None) in (None, "line")


test_partial = functools.partial(print, end="")


def test_subtests():
    case = unittest.TestCase()
    for n in range(3):
        with case.subTest(n=n):
            assert n < 3
""",
}


def test_odd_tests_end_as_without_recording(tmp_path: Path) -> None:
    trace, output = recorded(tmp_path, ODD)
    assert " failed" not in output and "recording failed" not in output
    outcomes = outcomes_in(trace)
    assert set(outcomes.values()) == {"passed"}
    assert {"test_odd.py::test_mocked", "test_odd.py::test_patches"} <= outcomes.keys()
    assert "test_odd.py::test_after_a_session_of_its_own" in outcomes
    assert {session.name for session in trace.sessions} == {"pytest", "of the test"}
    around = trace.calls("around")
    # Once the end of one was not seen: the test had begun a session of its own.
    assert sorted({call.outcome for call in around}) == ["OPEN", "RETURNED"]
    assert len(around) == len(outcomes) + 1 == 10
    assert [call.arguments["x"] for call in trace.calls("double")] == [4, 5]


def test_an_unasked_plugin_is_not_loaded_further(tmp_path: Path) -> None:
    suite = {
        "test_unasked.py": """\
import sys


def test_unasked():
    assert "spacetimepy.pytest_plugin" in sys.modules
    assert "spacetimepy._test_recording" not in sys.modules
    assert "spacetimepy.trace" not in sys.modules
"""
    }
    write(tmp_path, suite)
    done = run_pytest(tmp_path)
    assert done.returncode == 0, done.stdout
    assert not list(tmp_path.glob("*.spacetime"))
