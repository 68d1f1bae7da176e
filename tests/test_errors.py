"""What goes wrong is said clearly, and nothing is lost or overwritten."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import spacetimepy
from conftest import Run, spacetime_command
from spacetimepy import errors
from spacetimepy.errors import NotSupportedError, PatternError, UsageError

OK, PROGRAM_FAILED, MISUSE, BAD_TRACE = 0, 1, 2, 3

PROGRAM = """
def work(n):
    total = 0
    for i in range(n):
        total += i
    return total

print(work(10))
"""

ENDLESS = """
import sys
def work():
    n = 0
    while True:
        n += 1
        if n == 1000:
            print("running", flush=True)
work()
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A small script in a folder of its own."""
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    return path


def script(folder: Path, text: str, name: str = "script.py") -> Path:
    """Writes a script."""
    path = folder / name
    path.write_text(textwrap.dedent(text))
    return path


def states_of(path: Path) -> list[dict[str, object]]:
    """The locals of every state of a trace."""
    with spacetimepy.open(path) as trace:
        return [state.locals for call in trace.calls() for state in call.states]


def test_a_program_that_ends_well_is_counted_and_can_be_opened(
    spacetime: Run, program: Path
) -> None:
    done = spacetime("run", "--line", str(program), cwd=program.parent)
    assert (done.returncode, done.stdout) == (OK, "45\n")
    closing = done.stderr.splitlines()[-1]
    assert closing.startswith("spacetime: recorded 2 calls, ")
    assert "spacetime show program.spacetime" in closing
    shown = spacetime("show", "program.spacetime", cwd=program.parent)
    assert shown.returncode == OK and "work" in shown.stdout


def test_a_path_that_cannot_be_written(spacetime: Run, program: Path) -> None:
    missing = program.parent / "no" / "such" / "folder" / "run.spacetime"
    done = spacetime("run", "--line", "-o", str(missing), str(program), cwd=program.parent)
    assert done.returncode == BAD_TRACE
    assert str(missing) in done.stderr and "Traceback" not in done.stderr
    assert done.stdout == ""  # the program does not run in vain
    folder = spacetime("run", "--line", "-o", str(program.parent), str(program), cwd=program.parent)
    assert folder.returncode == BAD_TRACE and "Traceback" not in folder.stderr
    with pytest.raises(spacetimepy.TraceError, match="folder"):
        spacetimepy.init_monitoring(missing)


def test_a_read_only_trace_is_not_written(spacetime: Run, program: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("permissions do not bind the superuser")
    trace = program.parent / "program.spacetime"
    spacetime("run", "--line", str(program), cwd=program.parent)
    before = trace.read_bytes()
    trace.chmod(0o444)
    program.parent.chmod(0o555)
    try:
        done = spacetime("run", "--line", str(program), cwd=program.parent)
        assert done.returncode == BAD_TRACE and str(trace.name) in done.stderr
        assert trace.read_bytes() == before
    finally:
        program.parent.chmod(0o755)


@pytest.mark.parametrize(
    "content",
    [b"", b"not a trace\n" * 500, b"SQLite format 3\0" + b"\0" * 4096],
    ids=["empty", "text", "looks like SQLite"],
)
def test_a_file_that_is_not_a_trace_is_neither_read_nor_overwritten(
    spacetime: Run, program: Path, content: bytes
) -> None:
    other = program.parent / "notes.txt"
    other.write_bytes(content)
    for arguments in (["show"], ["ls"], ["stats"]):
        done = spacetime(*arguments, str(other), cwd=program.parent)
        assert done.returncode == BAD_TRACE, arguments
        assert "notes.txt" in done.stderr and "Traceback" not in done.stderr
    with pytest.raises(spacetimepy.TraceError, match=r"notes\.txt"):
        spacetimepy.open(other)
    if content:  # an empty file may become a trace
        done = spacetime("run", "--line", "-o", str(other), str(program), cwd=program.parent)
        assert done.returncode == BAD_TRACE and "notes.txt" in done.stderr
        with pytest.raises(spacetimepy.TraceError):
            spacetimepy.init_monitoring(other, overwrite=True)
    assert other.read_bytes() == content


def test_a_foreign_database_is_left_alone(spacetime: Run, program: Path) -> None:
    import sqlite3

    other = program.parent / "mine.db"
    connection = sqlite3.connect(other)
    connection.execute("create table precious (x)")
    connection.execute("insert into precious values (1)")
    connection.commit()
    connection.close()
    for extra in ([], ["--overwrite"]):
        done = spacetime(
            "run", "--line", *extra, "-o", str(other), str(program), cwd=program.parent
        )
        assert done.returncode == BAD_TRACE and "mine.db" in done.stderr, done.stderr
    connection = sqlite3.connect(other)
    tables = connection.execute("select name from sqlite_master").fetchall()
    rows = connection.execute("select x from precious").fetchall()
    connection.close()
    assert (tables, rows) == ([("precious",)], [(1,)])


def test_a_missing_file_is_said_to_be_missing(spacetime: Run, tmp_path: Path) -> None:
    done = spacetime("show", "nowhere.spacetime", cwd=tmp_path)
    assert done.returncode == BAD_TRACE and "nowhere.spacetime" in done.stderr
    with pytest.raises(spacetimepy.TraceError, match=r"nowhere\.spacetime"):
        spacetimepy.open(tmp_path / "nowhere.spacetime")
    assert list(tmp_path.iterdir()) == []
    done = spacetime("run", "--line", "missing.py", cwd=tmp_path)
    assert done.returncode == MISUSE and "missing.py" in done.stderr


def test_an_existing_trace_gets_one_more_session(spacetime: Run, program: Path) -> None:
    for _ in range(2):
        assert spacetime("run", "--line", str(program), cwd=program.parent).returncode == OK
    with spacetimepy.open(program.parent / "program.spacetime") as trace:
        assert len(trace.sessions) == 2
        first, second = (list(session.calls) for session in trace.sessions)
        assert [call.qualname for call in first] == [call.qualname for call in second]
    done = spacetime("run", "--overwrite", "--line", str(program), cwd=program.parent)
    assert done.returncode == OK
    with spacetimepy.open(program.parent / "program.spacetime") as trace:
        assert len(trace.sessions) == 1


def mount_small(folder: Path) -> str | None:
    """Mounts a file system of 1 MiB; says why, if that is impossible."""
    folder.mkdir()
    try:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)],
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return "there is no mount command"
    return (
        done.stderr.strip() or f"mount failed with {done.returncode}" if done.returncode else None
    )


def test_a_full_disk_ends_recording_and_not_the_program(spacetime: Run, tmp_path: Path) -> None:
    small = tmp_path / "small"
    problem = mount_small(small)
    if problem is not None:
        pytest.skip(f"no small file system to fill: {problem}")
    try:
        text = """
            import random
            random.seed(1)
            def work():
                x = 0
                for i in range(300_000):
                    x = random.random()
                return i
            print(work())
        """
        path = script(tmp_path, text)
        trace = small / "run.spacetime"
        done = spacetime("run", "--line", "-o", str(trace), str(path), cwd=tmp_path)
        assert done.stdout == "299999\n"  # the program ran to its end
        assert done.returncode == OK and "Traceback" not in done.stderr
        closing, failure = done.stderr.splitlines()
        assert any(word in failure for word in ("full", "space")), done.stderr
        states = states_of(trace)  # what was written before is there
        assert f" {len(states):,} states in " in closing and "before recording failed" in closing
        assert states and all(set(state) <= {"x", "i", "random", "work"} for state in states)
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_a_trace_removed_by_the_program_changes_no_exit_code(
    spacetime: Run, tmp_path: Path
) -> None:
    text = """
        import os, sys
        def work(n):
            total = 0
            for i in range(n):
                total += i
            return total
        work(10)
        for name in os.listdir():
            if "spacetime" in name:
                os.remove(name)
        print(work(100_000))
        sys.exit(int(sys.argv[1]))
    """
    path = script(tmp_path, text)
    for code in (OK, 7):
        done = spacetime("run", "--line", "-o", "run.spacetime", str(path), str(code), cwd=tmp_path)
        assert (done.returncode, done.stdout) == (code, "4999950000\n")
        said = r"spacetime: recording failed: the trace \S+run.spacetime is no longer at its path.*"
        assert re.fullmatch(said, done.stderr.rstrip())


def test_the_limit_on_open_files_is_named(run: Run, tmp_path: Path) -> None:
    text = """
        import resource, spacetimepy
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        for n in range(3, 20):
            resource.setrlimit(resource.RLIMIT_NOFILE, (n, most))
            try:
                with spacetimepy.init_monitoring(f"{n}.spacetime"):
                    pass
            except spacetimepy.SpacetimeError as error:
                print(error)
            else:
                break
        else:
            print("never")
    """
    done = run(sys.executable, str(script(tmp_path, text)), cwd=tmp_path)
    told = done.stdout.splitlines()
    assert len(told) > 1 and not done.stderr, done
    assert all("open files" in line and "(`ulimit" in line for line in told), told
    assert "the limit on open files is reached for the trace" in done.stdout, told


def test_an_unknown_pattern_is_named(spacetime: Run, program: Path) -> None:
    done = spacetime("run", "--line", "no_such_function", "--", str(program), cwd=program.parent)
    assert done.returncode == MISUSE and "no_such_function" in done.stderr
    assert done.stdout == "45\n"  # found out at the end, when all code has been seen
    for bad in ("", "a b", "x(", 5):
        with pytest.raises(spacetimepy.SpacetimeError):
            spacetimepy.record(program.parent / "x.spacetime", line=[bad]).__enter__()  # type: ignore[list-item]
    assert not (program.parent / "x.spacetime").exists()


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"line": 5}, UsageError, "line: expected a pattern or several, found 5"),
        ({"function": [3]}, UsageError, "a pattern is a str .*, found 3"),
        ({"line": "x("}, PatternError, r"'x\(' is not a pattern"),
        ({"limits": "big"}, UsageError, "limits: expected Limits or a dict .*, found 'big'"),
        ({"limits": {"max_states": "many"}}, UsageError, "max_states is an int .*, found 'many'"),
        ({"limits": {"max_states": -1}}, UsageError, "max_states is an int above 0, found -1"),
        ({"limits": {"no_such_limit": 1}}, UsageError, r"limits: .*, found \{'no_such_limit': 1\}"),
        ({"ignore_types": [3]}, UsageError, "ignore_types: expected types, found 3"),
        ({"name": 7}, UsageError, "name: expected a str, found 7"),
        ({"no_such_option": True}, UsageError, r"record\(\) has no option 'no_such_option'"),
        ({"track": ["clock"]}, NotSupportedError, "track: tracked callables are not supported"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else None,
)
def test_an_option_of_the_wrong_type_is_named(
    tmp_path: Path, options: dict[str, object], error: type[Exception], words: str
) -> None:
    with (
        pytest.raises(error, match=words) as caught,
        spacetimepy.record(tmp_path / "x.spacetime", **options),  # type: ignore[arg-type]
    ):
        pass
    assert caught.type is error
    # Nothing stays switched on: the next recording works.
    with spacetimepy.record(tmp_path / "y.spacetime", line=__file__):
        pass


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> spacetimepy.Trace:
    """A trace of one call."""
    path = tmp_path_factory.mktemp("small") / "small.spacetime"

    def work(n: int) -> int:
        return n + 1

    spacetimepy.function(work)
    with spacetimepy.init_monitoring(path):
        work(1)
    return spacetimepy.open(path)


LONE = chr(0xD800)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda trace: spacetimepy.open(b"run.spacetime"), "a str or a path object, found b'run"),
        (lambda trace: spacetimepy.open(LONE), r"no file can have the path '\\ud800'"),
        (lambda trace: trace.calls(5), "name: expected the name of a function, found 5"),
        (lambda trace: trace.calls(LONE), r"name: '\\ud800' cannot be written as UTF-8"),
        (lambda trace: trace.calls(where="x"), "where: expected a function of a call, found 'x'"),
        (lambda trace: trace.state((1,)), r"a state is \(call, index\), found \(1,\)"),
        (lambda trace: trace.sql(5), "query: expected SQL as text, found 5"),
        (lambda trace: trace.sql("select 1", 5), "params: expected a sequence of values, found 5"),
        (lambda trace: trace.sql("select ?", [2**70]), "an int of 64 bits, .* found 11805916207"),
        (lambda trace: trace.sql("select ?", [LONE]), r"str of UTF-8 or bytes, found '\\ud800'"),
        (lambda trace: spacetimepy.Limits(max_states=2**70), r"max_states is below 2\*\*63"),
        (lambda trace: spacetimepy.init_monitoring(LONE), r"UTF-8 can write, found '\\ud800'"),
    ],
)
def test_an_argument_of_the_wrong_kind_is_named(
    small: spacetimepy.Trace, ask: Callable[[spacetimepy.Trace], object], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        ask(small)


def test_a_session_is_described_by_text(tmp_path: Path) -> None:
    with spacetimepy.init_monitoring(tmp_path / "run.spacetime"):
        with pytest.raises(UsageError, match=r"name: '\\ud800' cannot be written as UTF-8"):
            spacetimepy.start_session(LONE)
        with pytest.raises(UsageError, match="description: expected a str, found 5"):
            spacetimepy.start_session(description=5)  # type: ignore[arg-type]


def test_a_sequence_is_indexed_as_a_list(small: spacetimepy.Trace) -> None:
    states = small.call(1).states
    assert states[True].index == 1 and type(states[True].index) is int
    assert [state.index for state in states[-1:]] == [1]
    for index in ("a", None, 1.0):
        with pytest.raises(TypeError, match=f"an index is an int or a slice, found {index!r}"):
            states[index]  # type: ignore[call-overload]
    with pytest.raises(IndexError, match="index -3 is out of range: there are 2"):
        states[-3]


def test_a_closed_trace_says_so(tmp_path: Path) -> None:
    spacetimepy.init_monitoring(tmp_path / "run.spacetime").close()
    with spacetimepy.open(tmp_path / "run.spacetime") as trace:
        pass
    with pytest.raises(UsageError, match="is closed: open it again"):
        trace.calls()[0]


def test_exceptions_and_commands_have_the_same_exit_codes() -> None:
    """The table of `spacetime-cli` and the classes of `spacetimepy.errors`."""
    failure = Path(__file__).parents[1] / "crates" / "spacetime-cli" / "src" / "failure.rs"
    rows = re.findall(r'\((\d), "(\w+)"\)', failure.read_text())
    assert len(rows) > 5
    for code, name in rows:
        assert (name, getattr(errors, name).exit_code) == (name, int(code))


def test_a_run_that_cannot_be_recorded_has_the_exit_code_of_no_good_trace(
    run: Run, program: Path
) -> None:
    text = """
        import sys
        for tool in range(6):
            if sys.monitoring.get_tool(tool) is None:
                sys.monitoring.use_tool_id(tool, "other")
        from spacetimepy.__main__ import main
        sys.exit(main(["run", "program.py"]))
    """
    taken = script(program.parent, text)
    done = run(sys.executable, str(taken), cwd=program.parent)
    assert (done.returncode, done.stdout) == (BAD_TRACE, "")
    assert done.stderr.startswith("spacetime: all tool ids of sys.monitoring are taken")


def test_no_memory_for_the_buffer(run: Run, tmp_path: Path) -> None:
    program = """
        import resource, signal
        import spacetimepy
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        try:
            spacetimepy.record("run.spacetime", line=["*"]).__enter__()
        except spacetimepy.SpacetimeError as error:
            print(error)
    """
    done = run(sys.executable, str(script(tmp_path, program)), cwd=tmp_path)
    assert done.stdout.startswith("no memory for the recording buffer of "), done.stderr
    assert "ulimit -a" in done.stdout and not (tmp_path / "run.spacetime").exists()


def test_a_budget_of_states_is_kept_to_the_state(spacetime: Run, program: Path) -> None:
    arguments = ("run", "--line", "--max-states", "9", str(program))
    done = spacetime(*arguments, cwd=program.parent)
    assert (done.returncode, done.stdout) == (OK, "45\n")
    assert "the budget was used up" in done.stderr
    with spacetimepy.open(program.parent / "program.spacetime") as trace:
        assert trace.summary()["n_states"] == 9
        assert trace.calls(name="work")[0].value == 45


def test_no_free_dict_watcher(run: Run, tmp_path: Path) -> None:
    """The error names what is missing, and nothing that was taken before it stays taken."""
    program = """
        import ctypes, sys
        import spacetimepy
        watch = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, *[ctypes.c_void_p] * 3)(lambda *_: 0)
        add = ctypes.pythonapi.PyDict_AddWatcher
        taken = []
        while True:
            try:
                taken.append(add(watch))
            except RuntimeError:
                break
        for _ in range(2):
            try:
                spacetimepy.record("run.spacetime", line=["*"]).__enter__()
            except spacetimepy.SpacetimeError as error:
                print(error)
        print([sys.monitoring.get_tool(number) for number in range(6)])
    """
    done = run(sys.executable, str(script(tmp_path, program)), cwd=tmp_path)
    *errors, tools = done.stdout.splitlines()
    assert len(errors) == 2 and len(set(errors)) == 1, done.stderr
    assert errors[0].startswith("all dict watchers of the interpreter are taken")
    assert tools == str([None] * 6)
    assert not (tmp_path / "run.spacetime").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["run"],
        ["run", "-o", "", "a.py"],
        ["run", "--no-such"],
        ["no-such"],
        ["show", "a", "b", "c"],
    ],
)
def test_misuse_of_the_command_line(spacetime: Run, tmp_path: Path, arguments: list[str]) -> None:
    done = spacetime(*arguments, cwd=tmp_path)
    assert done.returncode == MISUSE and done.stderr and "Traceback" not in done.stderr


def start_endless(folder: Path) -> subprocess.Popen[str]:
    """Starts a recorded program that never ends, and waits until it runs."""
    path = script(folder, ENDLESS, "endless.py")
    command = [*spacetime_command(), "run", "--line", "-o", "run.spacetime", str(path)]
    # What a shell starts in the background ignores Ctrl-C, and so would all that it starts.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(
            command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
    finally:
        signal.signal(signal.SIGINT, before)
    assert process.stdout is not None and process.stdout.readline() == "running\n"
    return process


def test_ctrl_c_leaves_a_complete_trace(tmp_path: Path) -> None:
    process = start_endless(tmp_path)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    # Ended by the signal, as the interpreter is: a shell sees why its command ended.
    assert process.returncode == -signal.SIGINT
    assert "KeyboardInterrupt" in errors
    closing = errors.splitlines()[-1]
    assert "interrupted" in closing and "spacetime show run.spacetime" in closing
    with spacetimepy.open(tmp_path / "run.spacetime") as trace:
        work = next(call for call in trace.calls() if call.qualname == "work")
        assert work.outcome == "RAISED" and work.exception.type == "KeyboardInterrupt"
        counts = [state.locals.get("n") for state in work.states[-3:]]
        assert all(isinstance(n, int) and n >= 999 for n in counts)


def test_a_trace_cut_or_killed_anywhere_opens_and_what_it_gives_is_a_prefix(tmp_path: Path) -> None:
    process = start_endless(tmp_path)
    for _ in range(600):  # wait until a reader sees states, which the writer seals every 100 ms
        try:
            if len(states_of_work(tmp_path)) > 100:
                break
        except spacetimepy.TraceError:
            pass
        time.sleep(0.1)
    process.kill()
    process.communicate(timeout=120)
    states = states_of_work(tmp_path, 2000)
    assert len(states) > 100
    expected = n = 0
    for line, bound in states:
        if line == 4:
            assert bound is None
        elif line == 5:
            assert bound == expected
        elif line == 6:
            assert bound == expected
            n = expected = expected + 1
        elif line == 7:
            assert bound == expected
    assert n > 10


def states_of_work(folder: Path, limit: int = 200) -> list[tuple[int, object]]:
    """Line and `n` of the first states of the endless program."""
    with spacetimepy.open(folder / "run.spacetime") as trace:
        for call in trace.calls():
            if call.qualname == "work":
                return [(state.line, state.locals.get("n")) for state in call.states[:limit]]
    return []


def test_sys_exit_is_said_with_its_code(spacetime: Run, tmp_path: Path) -> None:
    path = script(tmp_path, "import sys\ndef leave():\n    sys.exit(7)\nleave()\n")
    done = spacetime("run", "--line", str(path), cwd=tmp_path)
    assert done.returncode == 7 and done.stdout == ""
    assert "exit 7" in done.stderr.splitlines()[-1]
    path.write_text("import sys\nsys.exit('a message')\n")
    done = spacetime("run", "--line", str(path), cwd=tmp_path)
    assert done.returncode == 1 and done.stderr.splitlines()[0] == "a message"


def test_an_uncaught_exception_is_opened_where_it_was_raised(
    spacetime: Run, tmp_path: Path
) -> None:
    text = """
        def inner(x):
            y = x * 2
            raise ValueError("odd", y)

        def outer():
            return inner(21)

        outer()
    """
    path = script(tmp_path, text)
    done = spacetime("run", "--line", str(path), cwd=tmp_path)
    assert done.returncode == PROGRAM_FAILED
    assert done.stderr.splitlines()[0] == "Traceback (most recent call last):"
    closing = done.stderr.splitlines()[-1]
    assert "ValueError" in closing
    command = closing[closing.index("spacetime show") :].split()
    shown = spacetime(*command[1:], cwd=tmp_path)
    assert shown.returncode == OK and "42" in shown.stdout and "raise ValueError" in shown.stdout
    with spacetimepy.open(tmp_path / "script.spacetime") as trace:
        inner = next(call for call in trace.calls() if call.qualname == "inner")
        assert inner.outcome == "RAISED"
        assert inner.exception.type == "ValueError"
        assert inner.states[-1].locals == {"x": 21, "y": 42}
        with pytest.raises(spacetimepy.SpacetimeError):
            _ = inner.value


def test_opening_and_viewing_execute_nothing_from_the_trace(spacetime: Run, tmp_path: Path) -> None:
    """Invariant 7: a hostile class does nothing when its instances are viewed."""
    text = """
        class Hostile:
            def __init__(self):
                self.field = [1]
            def __getattribute__(self, name):
                if name in ("field", "__class__"):
                    return object.__getattribute__(self, name)
                raise SystemExit("attribute " + name)
            def __repr__(self):
                raise SystemExit("repr")
            def __reduce__(self):
                raise SystemExit("reduce")
            def __eq__(self, other):
                raise SystemExit("eq")
            def __hash__(self):
                return 1
        def work():
            h = Hostile()
            d = {h: h}
            return h
        work()
    """
    path = script(tmp_path, text, "hostile_module.py")
    done = spacetime("run", "--line", str(path), cwd=tmp_path)
    assert done.returncode == OK, done.stderr
    viewer = """
        import sys, spacetimepy
        seen = []
        def watch(event, arguments):
            if event in ("import", "exec", "compile", "os.system", "subprocess.Popen"):
                seen.append((event, str(arguments)[:80]))
        trace = spacetimepy.open("hostile_module.spacetime")
        first = [repr(state.locals) for call in trace.calls() for state in call.states]
        sys.addaudithook(watch)
        again = [repr(state.locals) for call in trace.calls() for state in call.states]
        assert first == again and len(first) > 5, first
        assert not seen, seen
        assert "hostile_module" not in sys.modules
    """
    viewed = subprocess.run(
        [sys.executable, str(script(tmp_path, viewer, "viewer.py"))],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (viewed.returncode, viewed.stderr) == (0, "")


def test_the_same_position_gives_the_same_answer_in_any_order_of_asking(
    spacetime: Run, tmp_path: Path
) -> None:
    """Invariant 6."""
    text = """
        def work():
            items = []
            for i in range(3000):
                items.append(i)
                if len(items) > 20:
                    items = items[10:]
            return items
        work()
    """
    path = script(tmp_path, text)
    assert spacetime("run", "--line", str(path), cwd=tmp_path).returncode == OK
    with spacetimepy.open(tmp_path / "script.spacetime") as trace:
        work = next(call for call in trace.calls() if call.qualname == "work")
        in_order = [(state.id, state.line, state.locals) for state in work.states]
    assert len(in_order) > 9000
    with spacetimepy.open(tmp_path / "script.spacetime") as trace:
        import random

        for position in random.Random(4).sample(range(len(in_order)), 300):
            id, line, values = in_order[position]
            state = trace.state(id)
            assert (state.line, state.locals, state.index) == (line, values, position)
