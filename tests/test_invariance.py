"""Invariant 1: recording changes neither results, exceptions, output nor exit code of the program.

The corpus runs as commands, with and without `spacetime run --line`; corpus and generated programs
run in batches with and without recording, alone and next to other tools that watch them. What those
tools report is compared as well.
"""

from __future__ import annotations

import importlib.util
import os
import pickle
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
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
    problems = compare_runs(run, tmp_path, corpus, SPACETIME_TIER=tier, TEST_COMPANION=companion)
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("tier", TIERS)
def test_recording_changes_nothing_in_generated_programs(
    run: Run, tmp_path: Path, generated: list[Path], tier: str
) -> None:
    """The generated programs: what they print, how they end, their tracebacks."""
    problems = compare_runs(run, tmp_path, generated, SPACETIME_TIER=tier)
    assert not problems, "\n".join(problems)
