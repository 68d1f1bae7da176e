"""Invariant 2: the fast tier, the portable tier and an independent oracle give equal states.

Every program runs three times in processes of its own batch: under the `sys.settrace` oracle, and
recorded by each tier. `compare.py` then compares call by call and state by state, values and
aliasing included, after the one normalisation written there. To see one program by hand:

    python tests/run_programs.py oracle /tmp/o line tests/corpus/aliasing.py
    python tests/run_programs.py record /tmp/t.spacetime line tests/corpus/aliasing.py
    python tests/compare.py /tmp/o /tmp/t.spacetime
"""

from __future__ import annotations

import dataclasses
import os
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from canonical import LiveForm
from compare import differences, normalise
from conftest import TESTS, Run
from oracle import CallForm, StateForm

TIERS = {"fast": {}, "portable": {"SPACETIME_TIER": "portable"}}
Recorders = dict[str, dict[str, str]]
BATCH = 25


def batches(programs: list[Path]) -> list[list[str]]:
    """The programs in runs of `BATCH`."""
    paths = [str(path) for path in programs]
    return [paths[start : start + BATCH] for start in range(0, len(paths), BATCH)]


def compare_batch(
    run: Run, folder: Path, granularity: str, programs: list[str], recorders: Recorders
) -> list[str]:
    """Runs a batch by the oracle and each recorder; gives a report for each that differs."""
    folder.mkdir()
    oracle = str(folder / "oracle.pickle")
    runner = str(TESTS / "run_programs.py")
    ran = run(sys.executable, runner, "oracle", oracle, granularity, *programs)
    if ran.returncode != 0:
        return [f"the oracle failed: {ran.stderr}"]
    problems = []
    for name, variables in recorders.items():
        trace = str(folder / f"{name}.spacetime")
        ran = run(sys.executable, runner, "record", trace, granularity, *programs, **variables)
        if ran.returncode == 0:
            ran = run(sys.executable, str(TESTS / "compare.py"), oracle, trace)
        if ran.returncode != 0:
            problems.append(f"{name}, exit code {ran.returncode}:\n{ran.stdout}{ran.stderr}")
    return problems


def check(
    run: Run, folder: Path, granularity: str, programs: list[Path], recorders: Recorders = TIERS
) -> None:
    """Compares all programs, on every core."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        futures: list[Future[list[str]]] = [
            pool.submit(compare_batch, run, folder / str(number), granularity, batch, recorders)
            for number, batch in enumerate(batches(programs))
        ]
        problems = [problem for future in futures for problem in future.result()]
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("granularity", ["line", "function"])
def test_fast_tier_portable_tier_and_oracle_give_equal_states(
    run: Run, tmp_path: Path, corpus: list[Path], granularity: str
) -> None:
    """The corpus, at both granularities."""
    assert len(corpus) >= 190
    check(run, tmp_path, granularity, corpus)


@pytest.mark.parametrize(
    ("granularity", "ways"),
    [("line", ["turns"]), ("half", ["mark", "always", "sites"]), ("rest", ["mark", "sites"])],
)
def test_all_ways_to_watch_unrecorded_code_give_equal_states(
    run: Run, tmp_path: Path, corpus: list[Path], granularity: str, ways: list[str]
) -> None:
    """Whatever tells of changes by code that is not recorded, none is missed."""
    check(run, tmp_path, granularity, corpus, {way: {"SPACETIME_WATCH": way} for way in ways})


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


def form_of(*values: object) -> object:
    """The form of values seen in one state."""
    form = LiveForm()
    return tuple(form.of(value) for value in values)


def test_the_canonical_form_tells_apart_what_differs() -> None:
    """Types, zeros, aliases, cycles, order: each pair looks alike to `==` or `repr`."""
    shared: list[object] = [1]
    cycle: list[object] = [1]
    cycle.append(cycle)
    pairs = [
        (form_of(1), form_of(True)),
        (form_of(1), form_of(1.0)),
        (form_of(0.0), form_of(-0.0)),
        (form_of([1], [1]), form_of(shared, shared)),
        (form_of([shared, shared]), form_of([[1], [1]])),
        (form_of(cycle), form_of([1, cycle])),
        (form_of({"a": 1, "b": 2}), form_of({"b": 2, "a": 1})),
        (form_of("1"), form_of(b"1")),
        (form_of([1, 2]), form_of((1, 2))),
    ]
    assert all(left != right for left, right in pairs)
    assert form_of(float("nan")) == form_of(-float("nan"))
    assert form_of({1, "a", (2,)}) == form_of({(2,), "a", 1})


def test_the_comparison_finds_every_difference() -> None:
    """Nothing about a call can change unseen; equal neighbours on one line are the exception."""
    one, two = (StateForm(line, form_of(line), ()) for line in (1, 2))  # type: ignore[arg-type]
    call = CallForm("f", None, (), "RETURNED", ("int", 1), None, [one, two, one])
    assert list(differences([call], [call])) == []
    changes: list[dict[str, object]] = [
        {"qualname": "g"},
        {"parent": 0},
        {"arguments": (("a", ("int", 1)),)},
        {"outcome": "OPEN"},
        {"value": ("int", 2)},
        {"exception": ("int", 2)},
        {"states": [one, two]},
        {"states": [one, one, two]},
        {"states": [one, two, dataclasses.replace(one, line=3)]},
        {"states": [one, two, dataclasses.replace(one, locals=())]},
        {"states": [one, two, dataclasses.replace(one, globals=(("x", ("int", 1)),))]},
    ]
    for change in changes:
        changed = dataclasses.replace(call, **change)  # type: ignore[arg-type]
        assert list(differences([call], [changed])), change
    assert list(differences([call], [call, call]))
    assert normalise([one, one, two, two, one]) == [one, two, one]
