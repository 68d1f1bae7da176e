"""Runs test programs one after another in this process: plain, under the oracle, or recorded.

    python run_programs.py plain   OUT.pickle GRANULARITY PROGRAM...
    python run_programs.py oracle  OUT.pickle GRANULARITY PROGRAM...
    python run_programs.py record  OUT.spacetime GRANULARITY PROGRAM...

GRANULARITY is `line`, `function`, or `half` or `rest`: half of the program's functions by line, or
the others; what is left is code that nobody records.

Each program runs as `__main__` in a fresh module, so that every way of running it sees the same
names. Recorded programs become one session each, named after the file, and what they did goes into
`OUT.spacetime.ran`. The environment variable `TEST_COMPANION` names a tool that watches the
programs at the same time: `settrace`, `cprofile`, `coverage-sysmon` or `coverage-ctrace`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import os
import pickle
import re
import sys
import traceback
import types
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from oracle import GENERATOR, CallForm, Oracle

HALVES = ["half", "rest"]


@dataclasses.dataclass
class Ran:
    """What a program did, as far as anyone can see; addresses are masked."""

    stdout: str
    stderr: str
    ending: str
    companion: Any = None


def load(path: str, granularity: str) -> Callable[[], None]:
    """A function that runs the program once, as the main program."""
    code = compile(Path(path).read_bytes(), path, "exec", dont_inherit=True)
    if granularity in HALVES:
        code = only_half(code, HALVES.index(granularity))

    def execute() -> None:
        module = types.ModuleType("__main__")
        module.__file__ = path
        previous, sys.modules["__main__"], sys.argv = sys.modules["__main__"], module, [path]
        try:
            exec(code, module.__dict__)
        finally:
            sys.modules["__main__"] = previous

    return execute


def only_half(code: types.CodeType, half: int) -> types.CodeType:
    """The code with every other function, by its name, in a file of another name."""
    is_chosen = zlib.crc32(code.co_qualname.encode()) % 2 == half
    consts = [only_half(c, half) if isinstance(c, types.CodeType) else c for c in code.co_consts]
    name = code.co_filename if is_chosen else f"<not recorded of {code.co_filename}>"
    return code.replace(co_filename=name, co_consts=tuple(consts))


def observe(path: str, granularity: str, run: Callable[[Callable[[], None]], None]) -> Ran:
    """Runs a program in the given way and catches everything that comes out of it."""
    execute, ending = load(path, granularity), "end"
    out, err, report = io.StringIO(), io.StringIO(), Report()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            with companion(path, report):
                run(execute)
        except SystemExit as error:
            ending = f"exit {error.code}"
        except BaseException as error:
            ending = type(error).__name__
            frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == path]
            print(*traceback.format_list(frames), *traceback.format_exception_only(error))
    return Ran(*[mask(text.getvalue()) for text in (out, err)], ending, report.content)


def mask(text: str) -> str:
    """The text without addresses of objects."""
    return re.sub(r"0x[0-9a-f]+", "0x...", text)


class Report:
    """What a companion saw of the program."""

    content: Any = None


@contextlib.contextmanager
def companion(path: str, report: Report) -> Iterator[None]:
    """Runs the tool that `TEST_COMPANION` names around the program."""
    name = os.environ.get("TEST_COMPANION")
    if name is None:
        yield
    elif name == "settrace":
        with tracing(path, report):
            yield
    elif name == "cprofile":
        with profiling(path, report):
            yield
    else:
        with covering(path, report, name.removeprefix("coverage-")):
            yield


@contextlib.contextmanager
def tracing(path: str, report: Report) -> Iterator[None]:
    events: Counter[tuple[str, str, int]] = Counter()

    def trace(frame: types.FrameType, event: str, arg: object) -> Any:
        if frame.f_code.co_filename != path:
            return None
        events[event, frame.f_code.co_qualname, frame.f_lineno] += 1
        return trace

    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(None)
        report.content = sorted(events.items())


@contextlib.contextmanager
def profiling(path: str, report: Report) -> Iterator[None]:
    import cProfile

    profile = cProfile.Profile()
    profile.enable()
    try:
        yield
    finally:
        profile.disable()
        # How often a generator is entered depends on what the interpreter specialised. Lambdas of
        # one line are different functions with one name.
        calls: Counter[tuple[int, str]] = Counter()
        for entry in profile.getstats():
            code = entry.code
            if not isinstance(code, types.CodeType) or code.co_flags & GENERATOR:
                continue
            if code.co_filename == path:
                calls[code.co_firstlineno, code.co_qualname] += entry.callcount
        report.content = sorted(calls.items())


@contextlib.contextmanager
def covering(path: str, report: Report, core: str) -> Iterator[None]:
    import coverage

    os.environ["COVERAGE_CORE"] = core
    measured = coverage.Coverage(data_file=None, include=[path])
    measured.start()
    try:
        yield
    finally:
        measured.stop()
        report.content = sorted(measured.get_data().lines(path) or [])


def run_plain(output: str, granularity: str, programs: list[str]) -> None:
    """Writes `{program name: Ran}`."""
    results = {
        Path(path).stem: observe(path, granularity, lambda execute: execute()) for path in programs
    }
    Path(output).write_bytes(pickle.dumps(results))


def run_oracle(output: str, granularity: str, programs: list[str]) -> None:
    """Writes `{program name: (Ran, calls)}`."""
    results: dict[str, tuple[Ran, list[CallForm]]] = {}
    for path in programs:
        oracle = Oracle(path, "function" if granularity == "function" else "line")
        ran, calls = observe(path, granularity, oracle.run), oracle.calls
        results[Path(path).stem] = ran, calls
        if oracle.has_failed:
            sys.exit(f"the oracle itself failed in {path}, after {len(calls)} calls: {ran}")
    Path(output).write_bytes(pickle.dumps(results))


def run_recorded(output: str, granularity: str, programs: list[str]) -> None:
    """Records every program into one trace."""
    import spacetimepy

    results: dict[str, Ran] = {}
    level = "function" if granularity == "function" else "line"
    for path in programs:
        name = Path(path).stem

        def record(execute: Callable[[], None], path: str = path, name: str = name) -> None:
            # A program may have nothing in its half.
            nothing = spacetimepy.errors.PatternError if granularity in HALVES else ()
            with (
                contextlib.suppress(nothing),
                spacetimepy.record(output, name=name, **{level: (path,)}),
            ):
                execute()

        results[name] = observe(path, granularity, record)
    Path(output + ".ran").write_bytes(pickle.dumps(results))


if __name__ == "__main__":
    mode, output, granularity, *programs = sys.argv[1:]
    # Results are unpickled by others, who import this file under its own name.
    sys.modules["run_programs"] = sys.modules["__main__"]
    Ran.__module__ = "run_programs"
    {"plain": run_plain, "oracle": run_oracle, "record": run_recorded}[mode](
        output, granularity, programs
    )
