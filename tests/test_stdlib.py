"""The standard library as real input: CPython's own tests of a module, while it is recorded."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest
from conftest import TESTS, Run
from run_stdlib_tests import LEFT_OUT

# Recorded by line, while their tests run.
MODULES = ["textwrap", "difflib", "heapq", "json", "statistics"]
# What tests of the language itself do, recorded by function.
TESTS_OF_THE_LANGUAGE = [
    "generators",
    "coroutines",
    "asyncgen",
    "dict",
    "list",
    "dataclasses",
    "enum",
]


def check_outcomes(run: Run, tmp_path: Path, module: str, granularity: str, recorded: str) -> int:
    """Every test has the outcome it has without recording; gives their number."""
    if importlib.util.find_spec(f"test.test_{module}") is None:
        pytest.skip(f"this Python comes without its own tests: test.test_{module} is missing")
    runner = str(TESTS / "run_stdlib_tests.py")
    plain, watched, trace = (str(tmp_path / name) for name in ("plain", "watched", "trace"))
    for arguments in ([plain], [watched, trace, granularity, recorded]):
        done = run(sys.executable, runner, module, *arguments, cwd=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
    left, right = (json.loads(Path(name).read_text()) for name in (plain, watched))
    different = {name: (left.get(name), right.get(name)) for name in left.keys() | right.keys()}
    assert not {name: pair for name, pair in different.items() if pair[0] != pair[1]}
    return len(left)


@pytest.mark.parametrize("module", TESTS_OF_THE_LANGUAGE)
def test_the_tests_of_the_language_pass_while_they_are_recorded(
    run: Run, spacetime: Run, tmp_path: Path, module: str
) -> None:
    """The test modules themselves, at function granularity."""
    assert check_outcomes(run, tmp_path, module, "function", f"test.test_{module}") > 40
    stats = json.loads(spacetime("stats", "--json", str(tmp_path / "trace")).stdout)
    assert stats["n_calls"] > 40


@pytest.mark.parametrize("module", MODULES)
def test_the_tests_of_the_standard_library_pass_while_it_is_recorded(
    run: Run, spacetime: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], module: str
) -> None:
    """The modules by line; prints what the recording cost."""
    n_tests = check_outcomes(run, tmp_path, module, "line", module)
    assert n_tests > 40
    stats = json.loads(spacetime("stats", "--json", str(tmp_path / "trace")).stdout)
    assert stats["n_states"] > 1000
    viewable = 100 * stats["viewable_rate"]
    left_out = sorted(name.rpartition(".")[2] for name in LEFT_OUT if f"test_{module}." in name)
    with capsys.disabled():
        print(
            f"\n  {module}: {n_tests} tests, {stats['n_states']:,} states,"
            f" {stats['stored_bytes_per_state']:.1f} bytes a state, {viewable:.2f} % viewable"
            + f" (left out, as too slow: {', '.join(left_out)})"
            * bool(left_out)
        )
