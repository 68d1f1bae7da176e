"""Invariant 1: recording changes neither results, exceptions, output nor exit code of the program.

The corpus runs as commands, with and without `spacetime run --line`; corpus and generated programs
run in batches with and without recording, alone and next to other tools that watch them. What those
tools report is compared as well.
"""

from __future__ import annotations

import importlib.util
import os
import pickle
import signal
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import spacetimepy
from conftest import TESTS, Run, spacetime_command
from run_programs import Ran, mask

COMPANIONS = ["settrace", "cprofile", "coverage-sysmon", "coverage-ctrace"]
TIERS = ["fast", "portable"]
CLOSING_LINE = "spacetime: recorded"


def everywhere(check: Any, *columns: Any) -> list[str]:
    """Runs a check that returns a problem or None over all arguments, on every core."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return [problem for problem in pool.map(check, *columns) if problem]


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("flags", [[], ["-O"]], ids=["plain", "optimised"])
def test_recording_changes_neither_results_exceptions_output_nor_exit_code(
    run: Run, tmp_path: Path, corpus: list[Path], tier: str, flags: list[str]
) -> None:
    """Each program of the corpus as a command: stdout, stderr and exit code."""
    command = spacetime_command()
    recorder = [sys.executable, *flags, *command[command[0] == sys.executable :]]

    def problem_of(program: Path) -> str | None:
        plain = run(sys.executable, *flags, str(program), cwd=tmp_path)
        trace = str(tmp_path / f"{program.stem}.spacetime")
        arguments = ["run", "--line", "-o", trace, str(program)]
        recorded = run(*recorder, *arguments, cwd=tmp_path, SPACETIME_TIER=tier)
        *lines, closing = recorded.stderr.splitlines(keepends=True) or [""]
        left = (plain.returncode, mask(plain.stdout), mask(plain.stderr))
        right = (recorded.returncode, mask(recorded.stdout), mask("".join(lines)))
        if left != right:
            return f"{program.name}: plain {left}, recorded {right}"
        if not closing.startswith(CLOSING_LINE):
            return f"{program.name}: the last line is {closing!r}"
        return None

    problems = everywhere(problem_of, corpus)
    assert not problems, "\n".join(problems)


def compare_runs(run: Run, folder: Path, programs: list[Path], **variables: str) -> list[str]:
    """Runs programs in one process without and one with recording; gives what differs."""
    paths = [str(path) for path in programs]
    runner, folder = (
        str(TESTS / "run_programs.py"),
        folder / variables.get("SPACETIME_TIER", "fast"),
    )
    folder.mkdir()
    plain, trace = str(folder / "plain.pickle"), str(folder / "run.spacetime")
    outputs: list[dict[str, Ran]] = []
    for mode, output, result in (("plain", plain, plain), ("record", trace, trace + ".ran")):
        done = run(sys.executable, runner, mode, output, "line", *paths, **variables)
        if done.returncode != 0 or done.stdout or done.stderr:
            return [f"{mode} run: exit code {done.returncode}\n{done.stdout}{done.stderr}"]
        outputs.append(pickle.loads(Path(result).read_bytes()))
    left, right = outputs
    assert len(left) == len(programs)
    return [
        f"{name}: plain {left[name]}, recorded {right.get(name)}"
        for name in left
        if left[name] != right.get(name)
    ]


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("companion", COMPANIONS)
def test_recording_changes_nothing_next_to_other_tools(
    run: Run, tmp_path: Path, corpus: list[Path], companion: str, tier: str
) -> None:
    """The corpus while a tracer, a profiler or coverage is active; their reports stay the same."""
    if companion.startswith("coverage") and importlib.util.find_spec("coverage") is None:
        pytest.skip("coverage is not installed here (requirements-dev.txt names it)")
    # cProfile takes the calls of all threads for those of one: what it counts of them is chance.
    is_profiled = companion == "cprofile"
    programs = [path for path in corpus if not (is_profiled and "thread" in path.stem)]
    problems = compare_runs(run, tmp_path, programs, SPACETIME_TIER=tier, TEST_COMPANION=companion)
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("tier", TIERS)
def test_recording_changes_nothing_in_generated_programs(
    run: Run, tmp_path: Path, generated: list[Path], tier: str
) -> None:
    """The generated programs: what they print, how they end, their tracebacks."""
    problems = compare_runs(run, tmp_path, generated, SPACETIME_TIER=tier)
    assert not problems, "\n".join(problems)


def test_nothing_dead_is_read(
    run: Run, tmp_path: Path, corpus: list[Path], generated: list[Path]
) -> None:
    """With an allocator that overwrites what is freed, as `python -X dev` has: whoever reads a dead
    object finds no type."""
    programs = [*corpus, *generated[::5]]
    problems = compare_runs(run, tmp_path, programs, PYTHONMALLOC="debug")
    assert not problems, "\n".join(problems)


def run_both(
    run: Run, folder: Path, program: str, *options: str, **variables: str
) -> tuple[Any, Any, str]:
    """Exit code, stdout and stderr of a program without and with recording; the closing lines."""
    path = folder / "program.py"
    path.write_text(textwrap.dedent(program))
    plain = run(sys.executable, path.name, cwd=folder)
    words = ["run", "--overwrite", *options, path.name]
    recorded = run(*spacetime_command(), *words, cwd=folder, **variables)
    lines = recorded.stderr.splitlines(keepends=True)
    own = [line for line in lines if line.startswith("spacetime: ")]
    others = "".join(line for line in lines if line not in own)
    return (
        (plain.returncode, plain.stdout, plain.stderr),
        (recorded.returncode, recorded.stdout, others),
        "".join(own),
    )


COUNTING = """
counts = {}

def counting(name, function):
    def count(*args, **options):
        counts[name] = counts.get(name, 0) + 1
        return function(*args, **options)
    return count

"""
PATCHED = """
    import atexit, builtins, io, os, re, sys, time
    import ready

    C_FUNCTION, FUNCTION = type(len), type(counting)
    kept = []
    for module in (builtins, os, os.path, sys, re, io, time):
        for name, function in list(vars(module).items()):
            if type(function) in (C_FUNCTION, FUNCTION):
                kept.append((module, name, function))
    set_attribute = setattr
    for module, name, function in kept:
        set_attribute(module, name, counting(f"{module.__name__}.{name}", function))

    def late(n):
        return [n, n + 1]

    class Late:
        def method(self):
            return late(3)

    late(1)
    Late().method()
    ready.go()
    import unready
    unready.go()
    namespace = {"__name__": "made"}
    exec(compile("def made():\\n    return 1\\nmade()", "<made>", "exec"), namespace)

    END
"""
PUT_BACK = """
    for module, name, function in kept:
        set_attribute(module, name, function)
    print(counts)
"""
PRINT_AT_END = """
    atexit.register(lambda: kept[0][0] and sys.stdout.write(repr(counts)))
    # Printing a traceback calls what is patched as often as there is to print.
    sys.excepthook = lambda *args: None
    raise KeyError("the end")
"""


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("options", [[], ["--line"], ["--function", "*", "--line", "late"]])
@pytest.mark.parametrize("end", [PUT_BACK, PRINT_AT_END], ids=["put back", "patched to the end"])
def test_the_recorder_calls_nothing_that_the_program_patched(
    run: Run, tmp_path: Path, tier: str, options: list[str], end: str
) -> None:
    """Builtins, `os`, `sys`, `re`, `io`: as many calls of each as without recording."""
    for name in ("ready", "unready"):
        (tmp_path / f"{name}.py").write_text("def go():\n    return [1]\n")
    program = COUNTING + textwrap.dedent(PATCHED).replace("END\n", textwrap.dedent(end))
    plain, recorded, closing = run_both(run, tmp_path, program, *options, "--", SPACETIME_TIER=tier)
    assert "builtins." in plain[1]
    assert recorded == plain
    assert closing.startswith(CLOSING_LINE)


DECORATED = """
    import atexit, builtins, os, sys
    import spacetimepy

    if os.environ.get("RECORD"):
        spacetimepy.init_monitoring("run.spacetime")

    for module in (builtins, os, os.path, sys):
        for name, function in list(vars(module).items()):
            if type(function) in (type(len), type(counting)) and name != "setattr":
                setattr(module, name, counting(name, function))

    @spacetimepy.line
    def pair(x):
        return [x, x]

    class Maker:
        @spacetimepy.function
        def make(self):
            return pair(2)

    Maker().make()
    with spacetimepy.pause():
        pair(3)
    atexit.register(lambda: os.write(1, repr(counts).encode()))
    sys.excepthook = lambda *args: None
    raise KeyError
"""


def test_the_api_calls_nothing_that_the_program_patched(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "program.py"
    path.write_text(COUNTING + textwrap.dedent(DECORATED))
    plain = run(sys.executable, path.name, cwd=tmp_path)
    recorded = run(sys.executable, path.name, cwd=tmp_path, RECORD="1")
    assert (recorded.returncode, recorded.stdout, recorded.stderr) == (1, plain.stdout, "")
    assert "'__build_class__': 1" in plain.stdout
    assert (tmp_path / "run.spacetime").exists()


AUDITED = """
    import sys
    import ready
    sys.addaudithook(lambda event, args: print(event, str(args)[:60]))
    def late(n):
        return n
    class Late:
        def method(self):
            return late(1)
    Late().method()
    ready.go()
    ready.late()
    print("done")
"""


@pytest.mark.parametrize("options", [[], ["--line"], ["--line", "late"]])
def test_the_audit_hooks_of_the_program_do_not_see_the_recorder(
    run: Run, tmp_path: Path, options: list[str]
) -> None:
    ready = tmp_path / "ready.py"
    ready.write_text("def go():\n    return [1]\ndef late():\n    pass\n")
    # A file younger than the process is compiled again, to see whether it is what ran.
    os.utime(ready, (1e9, 1e9))

    def until_done(ran: Any) -> Any:
        return ran[0], ran[1][: ran[1].index("done")], ran[2]

    plain, recorded, _ = run_both(run, tmp_path, AUDITED, *options, "--")
    assert until_done(recorded) == until_done(plain)


# Before 3.12.3 the interpreter refuses to start threads then.
STARTS_LATE = """
import atexit, threading
atexit.register(print, "at exit")
def late():
    threading.main_thread().join()
    try:
        threading.Thread(target=str).start()
    except RuntimeError as error:
        print(error)
    return "done"
threading.Thread(target=late).start()
"""
ENDS = {
    "patched to fail": """
        import builtins
        builtins.isinstance = lambda *args: 1 / 0
        def later(): return 5
        print(later())
    """,
    "print is silent": """
        import builtins
        builtins.print = lambda *args, **options: None
    """,
    "a message of lone surrogates": "raise ValueError(chr(0xD800))",
    "an exit whose text cannot be made": """
        import sys
        class Bad:
            def __str__(self):
                raise SystemError("no")
        sys.excepthook = lambda *args: None
        raise SystemExit(Bad())
    """,
    "an exception that answers for itself": """
        class Sly(Exception):
            @property
            def __class__(self):
                print("__class__")
                return KeyError
            @property
            def args(self):
                print("args")
                return ()
        raise Sly(1)
    """,
    "no functions of os": """
        import os, sys
        del sys.argv, sys.orig_argv
        os.getpid = os.path = None
    """,
    "no modules": """
        import sys
        sys.modules.clear()
        raise KeyError
    """,
    "no files": """
        import os, resource
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
        print(1)
    """,
    "stdout and descriptor 2 closed": """
        import os, sys
        print("a")
        sys.stdout.close()
        os.close(2)
    """,
    "descriptor 2 closed": """
        import os
        print("a", flush=True)
        os.close(2)
    """,
    "stderr closed": "import sys; sys.stderr.close()",
    "another file in place of stderr": """
        import os
        file = os.open("other.txt", os.O_CREAT | os.O_RDWR | os.O_TRUNC)
        os.dup2(file, 2)
        import atexit
        atexit.register(lambda: print(os.pread(file, 1000, 0)))
    """,
    "stderr is an object": """
        import sys
        class Loud:
            def write(self, text): sys.__stdout__.write(f"written {text!r}")
            def flush(self): pass
        sys.stderr = Loud()
    """,
    "no stdout and stderr": """
        import sys
        sys.stdout = sys.stderr = None
        raise SystemExit("nowhere")
    """,
    "no excepthook": """
        import sys
        del sys.excepthook
        raise KeyError(1)
    """,
    "interrupted": """
        import atexit
        atexit.register(print, "at exit")
        raise KeyboardInterrupt
    """,
    "threads that end at the end": """
        import atexit, concurrent.futures
        atexit.register(print, "at exit")
        pool = concurrent.futures.ThreadPoolExecutor(2)
        print(pool.submit(len, "ab").result())
    """,
    "a thread that starts others when the main thread has ended": STARTS_LATE,
    "interrupted while such a thread runs": STARTS_LATE + "raise KeyboardInterrupt",
}


@pytest.mark.parametrize("options", [[], ["--line"]], ids=["function", "line"])
@pytest.mark.parametrize("end", ENDS)
def test_a_program_ends_as_without_recording(
    run: Run, tmp_path: Path, end: str, options: list[str]
) -> None:
    """Whatever it did to its modules and streams."""
    plain, recorded, closing = run_both(run, tmp_path, ENDS[end], *options)
    if end == "an exit whose text cannot be made":
        # The interpreter reports that as an error in whatever it does next.
        assert "SystemError: no" in plain[2] and "SystemError: no" in recorded[2]
        plain, recorded = plain[:2], recorded[:2]
    assert recorded == plain
    assert "Traceback" not in closing
    assert (plain[0] == -signal.SIGINT) == end.startswith("interrupted")


def test_threads_that_outlive_the_main_thread_are_recorded_to_their_end(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "program.py").write_text(STARTS_LATE)
    command = [*spacetime_command(), "run", "--overwrite", "-o", "run.spacetime", "--line"]
    done = run(*command, "program.py", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    with spacetimepy.open(tmp_path / "run.spacetime") as trace:
        assert [(call.qualname, call.value) for call in trace.calls()] == [
            ("<module>", None),
            ("late", "done"),
        ]
        assert trace.sessions[0].ending == "completed"
    # An exit code of the recorder's own comes through, too.
    done = run(*command, "nothing", "--", "program.py", cwd=tmp_path)
    assert done.returncode == 2 and "no code that ran matches 'nothing'" in done.stderr
    assert done.stdout.splitlines()[-1] == "at exit"
