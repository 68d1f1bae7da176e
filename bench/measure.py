"""One measurement in a process of its own: `run.py` starts it and reads the JSON it prints.

    python measure.py steady    MODE WORKLOAD REPEATS
    python measure.py sustained MODE WORKLOAD RUNS
    python measure.py problems  MODE FILE.jsonl.gz COUNT
    python measure.py import

MODE is `plain`, `function`, `line`, or `settrace` (a Python trace function that copies the locals
at every line: what one writes without a recorder). Every result is asserted.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

HERE = Path(__file__).parent
LEAST_TIME = 30_000_000  # nanoseconds that a measurement runs at least
UNLIMITED = {"max_states": 10**12, "max_bytes": 10**12}


@contextlib.contextmanager
def mode(name: str, pattern: str, folder: Path) -> Iterator[None]:
    """Records code that matches the pattern, in the given way."""
    if name == "plain":
        yield
    elif name == "settrace":
        sys.settrace(copy_locals)
        try:
            yield
        finally:
            sys.settrace(None)
    else:
        import spacetimepy

        patterns: dict[str, Any] = {name: [pattern]}
        with spacetimepy.record(folder / "run.spacetime", limits=UNLIMITED, **patterns):
            yield


def copy_locals(frame: FrameType, event: str, arg: object) -> Any:
    if frame.f_code.co_filename.endswith("unrecorded.py"):
        return None
    copied.append(dict(frame.f_locals))
    if len(copied) > 1000:
        copied.clear()
    return copy_locals


copied: list[dict[str, Any]] = []


def workload(name: str) -> Callable[[], None]:
    """A function that runs the workload once and asserts its result."""
    import workloads

    run, expected = workloads.WORKLOADS[name], workloads.EXPECTED[name]

    def run_once() -> None:
        found = run()
        assert found == expected, (name, found, expected)

    return run_once


def steady(how: str, name: str, repeats: str) -> dict[str, Any]:
    """Median thread CPU of one run once warm; total CPU and wall of one run on average."""
    run, times = workload(name), []
    run()
    with tempfile.TemporaryDirectory() as folder:
        with mode(how, str(HERE / "workloads.py"), Path(folder)):
            run()  # first sight of the code
            wall, total = time.perf_counter_ns(), time.process_time_ns()
            while len(times) < int(repeats) or sum(times) < LEAST_TIME:
                start = time.thread_time_ns()
                run()
                times.append(time.thread_time_ns() - start)
            total, wall = time.process_time_ns() - total, time.perf_counter_ns() - wall
        n_runs = len(times)
        result = {
            "thread": statistics.median(times),
            "total": total / n_runs,
            "wall": wall / n_runs,
        }
        return result | bytes_of(Path(folder))


def sustained(how: str, name: str, n_runs: str) -> dict[str, Any]:
    """The workload again and again, without a pause for the writer, then the closing."""
    run = workload(name)
    run()
    with tempfile.TemporaryDirectory() as folder:
        wall, thread, total = time.perf_counter_ns(), time.thread_time_ns(), time.process_time_ns()
        with mode(how, str(HERE / "workloads.py"), Path(folder)):
            for _ in range(int(n_runs)):
                run()
            thread = time.thread_time_ns() - thread
        result = {
            "thread": thread,
            "total": time.process_time_ns() - total,
            "wall": time.perf_counter_ns() - wall,
            "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }
        return result | bytes_of(Path(folder))


def bytes_of(folder: Path) -> dict[str, Any]:
    """Size of the trace, and of one state of it."""
    path = folder / "run.spacetime"
    if not path.exists():
        return {}
    import spacetimepy

    with spacetimepy.open(path) as trace:
        n_states = trace.summary()["n_states"]
    return {"states": n_states, "bytes": os.path.getsize(path)}


def problems(how: str, data: str, count: str) -> dict[str, Any]:
    """First and steady thread CPU of each problem's own test, by problem.

    The files are older than the process, as a program's files are. One problem runs before the
    others and is not counted: what a recording costs once is no cost of a problem.
    """
    with gzip.open(data, "rt") as lines:
        tasks = [json.loads(line) for line in lines][: int(count) + 1]
    with tempfile.TemporaryDirectory() as folder:
        runs: list[tuple[str, Callable[[], None]]] = []
        for number, task in enumerate(tasks):
            path = Path(folder) / f"solution_{number:03}.py"
            path.write_text(task["prompt"] + task["canonical_solution"])
            yesterday = time.time() - 86_400
            os.utime(path, (yesterday, yesterday))
            names: dict[str, Any] = {}
            exec(compile(path.read_text(), str(path), "exec"), names)
            exec(compile(task["test"], "<test>", "exec"), names)
            check, solution = names["check"], names[task["entry_point"]]
            runs.append((task["task_id"], lambda check=check, solution=solution: check(solution)))
        with mode(how, str(Path(folder) / "solution_*.py"), Path(folder)):
            time_problem(runs.pop()[1])
            return {task: time_problem(run) for task, run in runs}


def time_problem(run: Callable[[], None]) -> list[float]:
    start = time.thread_time_ns()
    run()
    first, times = time.thread_time_ns() - start, []
    deadline = time.perf_counter_ns() + 60_000_000
    while len(times) < 5 or (time.perf_counter_ns() < deadline and len(times) < 200):
        start = time.thread_time_ns()
        run()
        times.append(time.thread_time_ns() - start)
    return [first, statistics.median(times)]


def import_time() -> dict[str, Any]:
    """Wall time of the import in a fresh interpreter."""
    start = time.perf_counter_ns()
    import spacetimepy

    assert spacetimepy.__version__
    return {"wall": time.perf_counter_ns() - start}


if __name__ == "__main__":
    what, *arguments = sys.argv[1:]
    measures: dict[str, Callable[..., dict[str, Any]]] = {
        "steady": steady,
        "sustained": sustained,
        "problems": problems,
        "import": import_time,
    }
    print(json.dumps(measures[what](*arguments)))
