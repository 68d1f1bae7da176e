"""Invariant 2: the fast tier, the portable tier and an independent oracle give equal states.

Every program runs three times in processes of its own batch: under the `sys.settrace` oracle, and
recorded by each tier. `compare.py` then compares call by call and state by state, values and
aliasing included, after the one normalisation written there. To see one program by hand:

    python tests/run_programs.py oracle /tmp/o line tests/corpus/aliasing.py
    python tests/run_programs.py record /tmp/t.spacetime line tests/corpus/aliasing.py
    python tests/compare.py /tmp/o /tmp/t.spacetime
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import TESTS, Run

TIERS = {"fast": {}, "portable": {"SPACETIME_TIER": "portable"}}
BATCH = 25


def batches(programs: list[Path]) -> list[list[str]]:
    """The programs in runs of `BATCH`."""
    paths = [str(path) for path in programs]
    return [paths[start : start + BATCH] for start in range(0, len(paths), BATCH)]


def compare_batch(run: Run, folder: Path, granularity: str, programs: list[str]) -> list[str]:
    """Runs a batch three ways; gives a report for each tier that departs from the oracle."""
    folder.mkdir()
    oracle = str(folder / "oracle.pickle")
    runner = str(TESTS / "run_programs.py")
    ran = run(sys.executable, runner, "oracle", oracle, granularity, *programs)
    if ran.returncode != 0:
        return [f"the oracle failed: {ran.stderr}"]
    problems = []
    for tier, variables in TIERS.items():
        trace = str(folder / f"{tier}.spacetime")
        ran = run(sys.executable, runner, "record", trace, granularity, *programs, **variables)
        if ran.returncode == 0:
            ran = run(sys.executable, str(TESTS / "compare.py"), oracle, trace)
        if ran.returncode != 0:
            problems.append(f"{tier} tier, exit code {ran.returncode}:\n{ran.stdout}{ran.stderr}")
    return problems


def check(run: Run, folder: Path, granularity: str, programs: list[Path]) -> None:
    """Compares all programs, on every core."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        futures: list[Future[list[str]]] = [
            pool.submit(compare_batch, run, folder / str(number), granularity, batch)
            for number, batch in enumerate(batches(programs))
        ]
        problems = [problem for future in futures for problem in future.result()]
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("granularity", ["line", "function"])
def test_fast_tier_portable_tier_and_oracle_give_equal_states(
    run: Run, tmp_path: Path, corpus: list[Path], granularity: str
) -> None:
    """The corpus, at both granularities."""
    assert len(corpus) >= 60
    check(run, tmp_path, granularity, corpus)


def test_generated_programs_give_equal_states(
    run: Run, tmp_path: Path, generated: list[Path]
) -> None:
    """The generated programs, the long function and the long module body, at line granularity."""
    assert len(generated) >= 502
    check(run, tmp_path, "line", generated)


def test_both_tiers_are_tested(run: Run, tmp_path: Path, corpus: list[Path]) -> None:
    """The environment variable selects the tier, so that the comparison above has two sides."""
    for tier, variables in TIERS.items():
        code = (
            "import spacetimepy, sys\n"
            "with spacetimepy.init_monitoring(sys.argv[1]) as recorder: print(recorder.tier)"
        )
        ran = run(sys.executable, "-c", code, str(tmp_path / f"{tier}.spacetime"), **variables)
        assert ran.stdout.strip() == tier, ran.stderr
