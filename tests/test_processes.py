"""Processes: forked and started children are in the trace, and nothing is lost when one ends."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import spacetimepy
from conftest import Run

N_WORKERS = 8

WORKERS = textwrap.dedent(
    """\
    import multiprocessing, sys

    def leaf(n, i):
        return 1000 * n + i

    def work(n):
        return sum(leaf(n, i) for i in range(200))

    def in_processes(context):
        workers = [context.Process(target=work, args=(n,)) for n in range(8)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return [worker.exitcode for worker in workers]

    def in_pool(context):
        with context.Pool(3) as pool:
            return pool.map(work, range(8))

    if __name__ == "__main__":
        context = multiprocessing.get_context(sys.argv[1])
        print(in_processes(context), in_pool(context))
    """
)


class Recorded:
    """A program that was run twice, recorded and not, with the same outcome."""

    def __init__(self, folder: Path, stderr: str) -> None:
        self.trace = spacetimepy.open(str(folder / "run.spacetime"))
        self.closing_line = stderr.rstrip().rpartition("\n")[2]

    def calls(self, name: str) -> list[Any]:
        return list(self.trace.calls(name))


@pytest.fixture
def record(run: Run, spacetime: Run, tmp_path: Path) -> Any:
    """Runs a program with and without recording; any warning is an error."""

    def record_program(
        text: str, *arguments: str, options: tuple[str, ...] = (), **expected: int
    ) -> Recorded:
        (tmp_path / "program.py").write_text(textwrap.dedent(text))
        strict = {"PYTHONWARNINGS": "error"}
        plain = run(sys.executable, "program.py", *arguments, cwd=tmp_path, **strict)
        command = ("run", *options, "-o", "run.spacetime", "program.py", *arguments)
        recorded = spacetime(*command, cwd=tmp_path, **strict)
        assert plain.returncode == expected.get("exit_code", 0), plain.stderr
        assert recorded.stdout == plain.stdout, recorded.stderr
        assert recorded.returncode == plain.returncode
        own = [line for line in recorded.stderr.splitlines() if not line.startswith("spacetime: ")]
        assert own == plain.stderr.splitlines()
        return Recorded(tmp_path, recorded.stderr)

    return record_program


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_calls_of_worker_processes_do_not_mix(record: Any, method: str) -> None:
    """Each worker has a session, each call its value and its nearest recorded ancestor."""
    done = record(WORKERS, method)
    work = {call.id: call for call in done.calls("work")}
    by_starter: dict[str, list[int]] = {"in_processes": [], "in_pool": []}
    for call in work.values():
        assert call.value == sum(1000 * call.arguments["n"] + i for i in range(200))
        starter = call.parent
        while starter.name == "<module>":
            starter = starter.parent
        by_starter[starter.name].append(call.arguments["n"])
        assert call.session.process["pid"] != starter.session.process["pid"]
    in_processes, in_pool = (sorted(ns) for ns in by_starter.values())
    if method == "forkserver":
        # All come from the server, which was started for the first of them.
        assert in_pool == []
        assert in_processes == sorted(2 * list(range(N_WORKERS)))
    else:
        assert in_processes == in_pool == list(range(N_WORKERS))
    seen: dict[int, list[int]] = {}
    for call in done.calls("leaf"):
        n, i = call.arguments["n"], call.arguments["i"]
        assert call.value == 1000 * n + i
        ancestor = call.parent
        while ancestor.name != "work":
            ancestor = ancestor.parent
        assert ancestor.arguments == {"n": n}
        seen.setdefault(ancestor.id, []).append(i)
    assert seen == {id: list(range(200)) for id in work}
    # The workers of a pool are ended by a signal, right after their last result.
    endings = {call.session.ending for call in work.values()}
    assert endings <= {"completed", "exit", "signal"}
    n_calls = sum(len(session.calls) for session in done.trace.sessions[1:])
    assert f"{n_calls:,} calls" in done.closing_line


def test_a_forked_child_goes_on_in_a_session_of_its_own(record: Any) -> None:
    done = record(
        """\
        import os, sys

        def leaf(name):
            return name.upper()

        def fork(end):
            pid = os.fork()
            if pid:
                return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            leaf("child")
            end()

        def grandchild():
            print("in grandchild", fork(lambda: os._exit(4)), flush=True)
            os._exit(3)

        def raises():
            raise ValueError("in a child")

        for end in (lambda: os._exit(2), lambda: sys.exit(5), grandchild):
            print(fork(end), flush=True)
        leaf("parent")
        pid = os.fork()
        if pid == 0:
            sys.stderr = open(os.devnull, "w")
            raises()
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        leaf("end")
        """,
        options=("--line",),
    )
    main, *children = done.trace.sessions
    assert [call.arguments["name"] for call in main.calls if call.name == "leaf"] == [
        "parent",
        "end",
    ]
    assert [(child.ending, child.message) for child in children] == [
        ("exit", "2"),
        ("exit", "5"),
        ("exit", "3"),
        ("exit", "4"),
        ("exception", "ValueError: in a child"),
    ]
    for child in children[:4]:
        [leaf] = [call for call in child.calls if call.name == "leaf"]
        assert (leaf.arguments, leaf.value) == ({"name": "child"}, "CHILD")
        # The rest of the call that forked, and that call itself in the other process.
        assert (leaf.parent.name, leaf.parent.entered_earlier) == ("fork", True)
        assert (leaf.parent.parent.name, leaf.parent.parent.entered_earlier) == ("fork", False)
        assert leaf.parent.parent.id in [call.id for call in child.parent_session.calls]
        assert child.parent in child.parent_session.calls
        assert child in child.parent.processes
    assert children[3].parent_session == children[2]


def test_locals_of_a_forked_child_are_as_they_were(record: Any) -> None:
    """What the parent's session knows of an object, the child's must find out again."""
    done = record(
        """\
        import os

        def main():
            items = [[1], {"a": 2}]
            alias = items[0]
            pid = os.fork()
            if pid == 0:
                items.append("child")
                alias.append(3)
                print(items, flush=True)
                os._exit(0)
            os.waitpid(pid, 0)
            items.append("parent")
            print(items)

        main()
        """,
        options=("--line",),
    )
    parent, child = done.calls("main")
    assert [state.locals["items"] for state in child.states][-3:] == [
        [[1], {"a": 2}, "child"],
        [[1, 3], {"a": 2}, "child"],
        [[1, 3], {"a": 2}, "child"],
    ]
    assert parent.states[-1].locals["items"] == [[1], {"a": 2}, "parent"]


def test_a_thread_forks_beside_other_threads(record: Any) -> None:
    done = record(
        """\
        import os, threading, warnings
        warnings.simplefilter("ignore")

        def leaf(n):
            return n + 1

        def fork(n):
            pid = os.fork()
            if pid == 0:
                leaf(n)
                os._exit(0)
            os.waitpid(pid, 0)
            leaf(n + 100)

        def wait(event):
            event.wait()
            leaf(1000)

        event = threading.Event()
        threads = [threading.Thread(target=fork, args=(n,)) for n in range(4)]
        waiting = threading.Thread(target=wait, args=(event,))
        for thread in [waiting, *threads]:
            thread.start()
        for thread in threads:
            thread.join()
        event.set()
        waiting.join()
        """
    )
    main, *children = done.trace.sessions
    n_of = {call.arguments["n"] for call in main.calls if call.name == "leaf"}
    assert n_of == {100, 101, 102, 103, 1000}
    found = set()
    for child in children:
        [leaf] = [call for call in child.calls if call.name == "leaf"]
        assert child.parent.name == "fork"
        assert leaf.arguments == {"n": child.parent.arguments["n"]}
        found.add(leaf.arguments["n"])
    assert found == set(range(4))


def test_hooks_around_a_fork_are_recorded_on_their_side(record: Any) -> None:
    done = record(
        """\
        import os

        seen = []

        def hook(side):
            seen.append(side)

        os.register_at_fork(
            before=lambda: hook("before"),
            after_in_parent=lambda: hook("parent"),
            after_in_child=lambda: hook("child"),
        )
        for _ in range(3):
            pid = os.fork()
            if pid == 0:
                print(seen[-2:], flush=True)
                os._exit(0)
            os.waitpid(pid, 0)
        print(seen)
        """
    )
    main, *children = done.trace.sessions
    assert [call.arguments["side"] for call in main.calls if call.name == "hook"] == [
        "before",
        "parent",
    ] * 3
    for child in children:
        assert [c.arguments["side"] for c in child.calls if c.name == "hook"] == ["child"]


def test_a_child_of_which_nothing_is_recorded_leaves_nothing(record: Any) -> None:
    done = record(
        """\
        import os, subprocess, sys

        def main():
            for _ in range(3):
                subprocess.run([sys.executable, "-c", "print('child')"], check=True)
                subprocess.run(["true"], check=True)
                os.waitpid(os.spawnv(os.P_NOWAIT, "/bin/true", ["true"]), 0)

        main()
        """,
        options=("--function=main",),
    )
    assert [len(session.calls) for session in done.trace.sessions] == [1]


OTHER = """\
import os

def told():
    print(sorted(name for name in os.environ if "SPACETIME_CHILD" in name), flush=True)

told()
"""


def test_started_programs_are_recorded_and_do_not_see_how(record: Any, tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text(OTHER)
    done = record(
        """\
        import os, subprocess, sys

        other = [sys.executable, "other.py"]

        def run(how):
            how()

        def spawn(function):
            os.waitpid(function(sys.executable, other, os.environ), 0)

        def execute(function, *environment):
            pid = os.fork()
            if pid == 0:
                function(sys.executable, other, *environment)
            os.waitpid(pid, 0)

        run(lambda: subprocess.run(other, check=True))
        run(lambda: subprocess.run(other, check=True, env={**os.environ, "A": "1"}))
        run(lambda: subprocess.run(other, check=True, close_fds=False))
        run(lambda: subprocess.run(other, check=True, cwd="."))
        run(lambda: spawn(os.posix_spawn))
        run(lambda: spawn(os.posix_spawnp))
        run(lambda: execute(os.execv))
        run(lambda: execute(os.execve, dict(os.environ)))
        print([name for name in os.environ if "SPACETIME_CHILD" in name])
        """,
        options=("--function=run", "--function=told"),
    )
    told = done.calls("told")
    assert len(told) == 8
    assert [call.parent.name for call in told] == ["run"] * 8
    assert len({call.parent.id for call in told}) == 8


MAIN_PROGRAMS = """\
import multiprocessing, subprocess, sys

def work():
    pass

text = "import own\\ndef step(): return own.leaf()\\nstep()"

def start(*arguments, input=None):
    subprocess.run([sys.executable, *arguments], input=input, text=True, check=True)

if __name__ == "__main__":
    start("-c", text)
    start("-", input=text)
    start(input=text)
    start("-m", "tool")
    start("-m", "tool.other")
    start("tool/other.py")
    start("-S", "tool/other.py")
    worker = multiprocessing.get_context("spawn").Process(target=work)
    worker.start()
    worker.join()
"""


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        # What is in no file is no file of the user; nothing is recorded where `site` is not run.
        (None, {"leaf": 3, "in_tool": 1, "in_other": 2, "work": 1}),
        ("__main__", {"step": 3, "in_tool": 1, "in_other": 2, "work": 1}),
        ("program", {"work": 1}),
        ("tool", {"in_tool": 1, "in_other": 1}),
        ("tool.__main__", {"in_tool": 1}),
        ("tool.in_tool", {"in_tool": 1}),
        ("tool.other", {"in_other": 1}),
        ("other", {"in_other": 1}),
    ],
)
def test_the_main_program_of_a_child_is_its_own(
    record: Any, tmp_path: Path, pattern: str | None, expected: dict[str, int]
) -> None:
    (tmp_path / "tool").mkdir()
    (tmp_path / "own.py").write_text("def leaf(): pass\n")
    (tmp_path / "tool" / "__main__.py").write_text("def in_tool(): pass\nin_tool()\n")
    (tmp_path / "tool" / "other.py").write_text("def in_other(): pass\nin_other()\n")
    options = () if pattern is None else (f"--function={pattern}",)
    done = record(MAIN_PROGRAMS, options=options)
    calls = [call for session in done.trace.sessions[1:] for call in session.calls]
    assert Counter(call.name for call in calls if call.name != "<module>") == expected


def test_the_name_of_a_main_module_is_not_that_of_other_programs(
    spacetime: Run, tmp_path: Path
) -> None:
    (tmp_path / "other.py").write_text("print('other')\n")
    (tmp_path / "first.py").write_text(
        "import subprocess, sys\nsubprocess.run([sys.executable, 'other.py'], check=True)\n"
    )
    done = spacetime("run", "--function=first", "-m", "first", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "other\n"), done.stderr
    [session] = spacetimepy.open(str(tmp_path / "first.spacetime")).sessions
    assert [call.name for call in session.calls] == ["<module>"]


# As `site` runs it at the start of Python, where the package may be another or none at all.
PTH = Path(__file__).parents[1] / "python" / "spacetimepy.data" / "purelib"
LINE_OF_PTH = (PTH / "spacetimepy_children.pth").read_text().rstrip()


@pytest.mark.parametrize(
    ("package", "reason"),
    [
        ({}, "No module named 'spacetimepy'"),
        ({"__init__.py": ""}, "No module named 'spacetimepy._child'"),
        ({"__init__.py": "import no_such\n"}, "No module named 'no_such'"),
        ({"__init__.py": "raise OSError(2, 'two\\nlines')\n"}, "[Errno 2] two lines"),
        ({"__init__.py": "def\n"}, "invalid syntax (__init__.py, line 1)"),
        ({"__init__.py": "", "_child.py": ""}, "cannot import name 'start' from"),
        ({"__init__.py": "", "_child.py": "def start(): {}['path']\n"}, "'path'"),
    ],
)
@pytest.mark.parametrize("redirection", ["", "2>&-", "2>/dev/full"])
def test_a_child_is_not_broken_where_the_package_is(
    run: Run, tmp_path: Path, package: dict[str, str], reason: str, redirection: str
) -> None:
    for name, text in package.items():
        (tmp_path / "site" / "spacetimepy").mkdir(parents=True, exist_ok=True)
        (tmp_path / "site" / "spacetimepy" / name).write_text(text)
    (tmp_path / "site" / "children.pth").parent.mkdir(exist_ok=True)
    (tmp_path / "site" / "children.pth").write_text(LINE_OF_PTH)
    program = """\
        import os, site, sys
        site.addsitedir("site")
        print([name for name in os.environ if "SPACETIME" in name])
        """
    (tmp_path / "program.py").write_text(textwrap.dedent(program))
    # Without the `.pth` files of this interpreter.
    command = ("sh", "-c", f"{sys.executable} -S -W error program.py {redirection}")
    done = run(*command, cwd=tmp_path, SPACETIME_CHILD="1::path=x.spacetime", PYTHONPATH="")
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr
    line = "" if redirection else f"spacetime: this process is not recorded: {reason}"
    assert done.stderr.startswith(line)
    assert done.stderr.count("\n") == (not redirection)


@pytest.mark.parametrize("note", ["", "1:", "x:y:path=a\x1fname=a", "1::name=a", "1::path=a"])
def test_a_child_that_cannot_read_its_note_says_so(run: Run, note: str) -> None:
    text = "import os; print([name for name in os.environ if 'SPACETIME_C' in name])"
    done = run(sys.executable, "-c", text, SPACETIME_CHILD=note)
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr
    assert done.stderr == (
        "spacetime: this process is not recorded: the parent process left a note that this version "
        f"cannot read, {note!r}: both need the same version of spacetimepy\n"
    )


def test_the_file_that_python_reads_at_each_start_costs_nothing(run: Run) -> None:
    """Without the note nothing is imported."""
    text = (
        f"import sys; old = set(sys.modules); exec({LINE_OF_PTH!r}); print(set(sys.modules) - old)"
    )
    done = run(sys.executable, "-c", text)
    assert (done.stdout, done.stderr) == ("set()\n", "")


def test_a_process_that_becomes_another_program_loses_nothing(record: Any, tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text(OTHER)
    done = record(
        """\
        import os, sys

        def step(n):
            return n

        step(1)
        for attempt in (os.execv, lambda *a: os.execve(*a, os.environ), os.execvp):
            try:
                attempt("no/such/program", ["such"])
            except OSError as error:
                step(error.errno)
        print("before", flush=True)
        os.execv(sys.executable, [sys.executable, "other.py"])
        """
    )
    main, other = done.trace.sessions
    assert [call.value for call in main.calls if call.name == "step"] == [1, 2, 2, 2]
    assert (main.ending, main.message) == ("replaced", sys.executable)
    assert [call.name for call in other.calls][:2] == ["<module>", "told"]
    assert other.parent == main.calls[0]
    assert not (tmp_path / "run.spacetime-wal").exists()


def test_exit_at_once_completes_the_trace(record: Any, tmp_path: Path) -> None:
    """What the program did not flush is lost, as without."""
    done = record(
        """\
        import os, sys

        def leaf(n):
            return n

        for wrong in ((), ("x",), (1, 2)):
            try:
                os._exit(*wrong)
            except TypeError as error:
                leaf(str(error))
        sys.stdout.write("never flushed")
        for n in range(1000):
            leaf(n)
        os._exit(status=7)
        """,
        exit_code=7,
    )
    [session] = done.trace.sessions
    assert (session.ending, session.message) == ("exit", "7")
    assert [call.value for call in done.calls("leaf")][3:] == list(range(1000))
    assert done.closing_line.startswith("spacetime: recorded 1,004 calls")
    assert not (tmp_path / "run.spacetime-wal").exists()


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_signal_that_ends_the_process_loses_nothing(record: Any, name: str) -> None:
    if signal.getsignal(getattr(signal, name)) is signal.SIG_IGN:
        pytest.skip(f"{name} is ignored where the tests were started (nohup)")
    done = record(
        f"""\
        import os, signal

        def leaf(n):
            return n

        assert signal.getsignal(signal.{name}) is signal.SIG_DFL
        for n in range(1000):
            leaf(n)
        os.kill(os.getpid(), signal.{name})
        while True:
            signal.pause()
        """,
        exit_code=-getattr(signal, name),
    )
    [session] = done.trace.sessions
    assert (session.ending, session.message) == ("signal", name)
    assert [call.value for call in done.calls("leaf")] == list(range(1000))


def test_signals_that_the_program_handles_are_its_own(record: Any) -> None:
    done = record(
        """\
        import os, signal

        def handle(number, frame):
            print("handled", number)

        signal.signal(signal.SIGTERM, handle)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGHUP)
        """
    )
    assert len(done.calls("handle")) == 1


def test_a_parent_that_waits_after_a_fork_is_ended_by_a_signal(record: Any) -> None:
    """The threads of the recorder rest then: the signal acts at once."""
    record(
        """\
        import os, signal, time
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            time.sleep(0.1)
            os.kill(parent, signal.SIGTERM)
            os._exit(0)
        os.waitpid(pid, 0)
        time.sleep(60)
        """,
        exit_code=-signal.SIGTERM,
        options=("--function=nothing_of_this",),
    )


def test_threads_that_are_alive_at_the_end(record: Any) -> None:
    done = record(
        """\
        import threading, time

        def spin():
            while True:
                leaf(1)

        def leaf(n):
            return n

        threading.Thread(target=spin, daemon=True).start()
        time.sleep(0.05)
        print("end")
        """
    )
    assert done.trace.sessions[0].ending == "completed"
    assert all(call.value == 1 for call in done.calls("leaf")[:-1])


ENDS = {
    "completed": ("pass", ("completed", None)),
    "exit": ("sys.exit(3)", ("exit", "3")),
    "exit without a code": ("sys.exit()", ("exit", None)),
    "exit with a text": ("raise SystemExit('that is enough')", ("exit", "that is enough")),
    "exit at once": ("os._exit(4)", ("exit", "4")),
    "exception": ("raise KeyError('x')", ("exception", "KeyError: x")),
    "interrupt": ("raise KeyboardInterrupt", ("interrupted", None)),
    "signal": ("os.kill(os.getpid(), signal.SIGTERM)", ("signal", "SIGTERM")),
    "caught exit": ("try: sys.exit(3)\n    except SystemExit: pass", ("completed", None)),
    "exit of a thread": (
        "t = threading.Thread(target=sys.exit, args=(3,)); t.start(); t.join()",
        ("completed", None),
    ),
    "exception in a thread that begins as a program does": (
        "lock = threading.Lock(); lock.acquire(); sys.unraisablehook = lambda _: lock.release(); "
        "_thread.start_new_thread(exec, ('1 / 0', {})); lock.acquire()",
        ("completed", None),
    ),
    "exception with a prompt of its own": (
        "sys.ps1 = '> '; raise KeyError('x')",
        ("exception", "KeyError: x"),
    ),
    "exit after the end": ("atexit.register(sys.exit, 3)", ("completed", None)),
    "exit while it is not recorded": (
        "spacetimepy.disable_recording(); sys.exit(3)",
        ("exit", "3"),
    ),
    "exception that was shown before": (
        "sys.last_exc = KeyError('x'); sys.exit(3)",
        ("exit", "3"),
    ),
}


@pytest.mark.parametrize("tier", ["fast", "portable"])
@pytest.mark.parametrize("way", ["script", "module", "module body"])
def test_the_end_of_a_started_program_is_said_as_it_was(
    record: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tier: str, way: str
) -> None:
    imports = "import _thread, atexit, os, signal, spacetimepy, sys, threading\n"
    for n, (statement, _) in enumerate(ENDS.values()):
        body = f"def end():\n    {statement}\nend()\n"
        if way == "module body":
            body = f"if True:\n    {statement}\n"
        (tmp_path / f"child{n}.py").write_text(imports + body)
    monkeypatch.setenv("SPACETIME_TIER", tier)
    how = "['-m', f'child{n}']" if way == "module" else "[f'child{n}.py']"
    done = record(
        f"""\
        import subprocess, sys

        for n in range({len(ENDS)}):
            child = [sys.executable, *{how}]
            print(subprocess.run(child, stderr=subprocess.DEVNULL).returncode, flush=True)
        """,
        options=("--line",),
    )
    found = [(session.ending, session.message) for session in done.trace.sessions[1:]]
    assert dict(zip(ENDS, found, strict=True)) == {name: end for name, (_, end) in ENDS.items()}


@pytest.mark.parametrize(
    ("option", "statement", "end"),
    [
        ("-i", "1 / 0", ("completed", None)),
        ("-i", "sys.exit(3)", ("exit", "3")),
        ("-", "1 / 0", ("exception", "ZeroDivisionError: division by zero")),
    ],
)
def test_a_prompt_alone_goes_on_after_an_exception(
    tmp_path: Path, option: str, statement: str, end: tuple[str, str | None]
) -> None:
    path = tmp_path / "run.spacetime"
    begin = f"recorder = spacetimepy.init_monitoring({str(path)!r})"
    typed = f"import spacetimepy, sys\n{begin}\n{statement}\n"
    subprocess.run(
        [sys.executable, option], input=typed, text=True, check=False, capture_output=True
    )
    [session] = spacetimepy.open(str(path)).sessions
    assert (session.ending, session.message) == end


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_the_end_of_a_worker_is_said_as_it_was(record: Any, method: str) -> None:
    done = record(
        """\
        import multiprocessing, os, sys

        def work(n):
            sys.stderr = open(os.devnull, "w")
            if n == 1:
                sys.exit(3)
            if n == 2:
                raise ValueError("in a worker")

        if __name__ == "__main__":
            context = multiprocessing.get_context(sys.argv[1])
            for n in range(3):
                worker = context.Process(target=work, args=(n,))
                worker.start()
                worker.join()
                print(worker.exitcode)
        """,
        method,
    )
    ends = [(call.session.ending, call.session.message) for call in done.calls("work")]
    assert ends == [("exit", "0"), ("exit", "3"), ("exit", "1")]


def test_a_recorder_of_the_programs_own_follows_children(run: Run, tmp_path: Path) -> None:
    """Decorated functions; the main module makes a recorder also where it is imported again."""
    (tmp_path / "own.py").write_text(
        textwrap.dedent(
            """\
            import multiprocessing, os, spacetimepy

            recorder = spacetimepy.init_monitoring("own.spacetime")

            @spacetimepy.line
            def work(n):
                return n + 1

            if __name__ == "__main__":
                for method in ("fork", "spawn"):
                    process = multiprocessing.get_context(method).Process(target=work, args=(1,))
                    process.start()
                    process.join()
                    print(process.exitcode)
                with spacetimepy.session_context("second"):
                    if os.fork() == 0:
                        work(5)
                        os._exit(0)
                    os.wait()
                    work(6)
            """
        )
    )
    done = run(sys.executable, "-W", "error", "own.py", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "0\n0\n", "")
    trace = spacetimepy.open(str(tmp_path / "own.spacetime"))
    found = [
        (call.arguments["n"], call.value, session.name, session.parent_session is not None)
        for session in trace.sessions
        for call in session.calls
    ]
    assert sorted(found) == [
        (1, 2, "own", True),
        (1, 2, "own", True),
        (5, 6, "second", True),
        (6, 7, "second", False),
    ]


def test_children_do_not_read_ignored_types_either(run: Run, tmp_path: Path) -> None:
    """A started child knows them by their names, as those that it starts do."""
    (tmp_path / "secrets_of.py").write_text("class Key:\n    def __init__(self): self.value = 7\n")
    (tmp_path / "own.py").write_text(
        textwrap.dedent(
            """\
            import multiprocessing, secrets_of, spacetimepy

            class Password:
                def __init__(self): self.value = 7

            class Derived(Password):
                pass

            class Shown:
                def __init__(self): self.value = 7

            @spacetimepy.function
            def work(*held):
                pass

            def start(methods):
                work(Password(), Derived(), secrets_of.Key(), Shown(), {7})
                if methods:
                    context = multiprocessing.get_context(methods[0])
                    process = context.Process(target=start, args=(methods[1:],))
                    process.start()
                    process.join()

            if __name__ == "__main__":
                ignored = [Password, secrets_of.Key, set]
                with spacetimepy.init_monitoring("own.spacetime", ignore_types=ignored):
                    start(["spawn", "spawn", "fork"])
            """
        )
    )
    done = run(sys.executable, "-W", "error", "own.py", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    calls = list(spacetimepy.open(str(tmp_path / "own.spacetime")).calls("work"))
    assert len({call.session.id for call in calls}) == 4
    for call in calls:
        *ignored, shown, numbers = call.arguments["held"]
        assert [value.reason for value in [*ignored, numbers]] == ["excluded by the user"] * 4
        assert shown.attributes == {"value": 7}


def test_children_of_a_recording_in_memory_are_left_alone(run: Run, tmp_path: Path) -> None:
    program = """\
        import os, spacetimepy

        @spacetimepy.function
        def work(n):
            return n

        with spacetimepy.init_monitoring(in_memory=True) as recorder:
            pid = os.fork()
            if pid == 0:
                work(1)
                os._exit(work(3))
            print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
            work(2)
            trace = spacetimepy.open(recorder.path)
        print([call.value for call in trace.calls()])
        """
    (tmp_path / "program.py").write_text(textwrap.dedent(program))
    done = run(sys.executable, "-W", "error", "program.py", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "3\n[2]\n", "")
