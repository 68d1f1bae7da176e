"""The standard library as real input: CPython's own tests of a module, while it is recorded."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest
from conftest import TESTS, Run
from run_stdlib_tests import LEFT_OUT

MODULES = ["textwrap", "difflib", "heapq", "json", "statistics"]


@pytest.mark.parametrize("module", MODULES)
def test_the_tests_of_the_standard_library_pass_while_it_is_recorded(
    run: Run, spacetime: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], module: str
) -> None:
    """Every test has the outcome it has without recording; prints what the recording cost."""
    if importlib.util.find_spec(f"test.test_{module}") is None:
        pytest.skip(f"this Python comes without its own tests: test.test_{module} is missing")
    runner = str(TESTS / "run_stdlib_tests.py")
    plain, recorded, trace = (str(tmp_path / name) for name in ("plain", "recorded", "trace"))
    for arguments in ([plain], [recorded, trace]):
        done = run(sys.executable, runner, module, *arguments, cwd=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
    left, right = (json.loads(Path(name).read_text()) for name in (plain, recorded))
    assert len(left) > 40
    different = {name: (left.get(name), right.get(name)) for name in left.keys() | right.keys()}
    assert not {name: pair for name, pair in different.items() if pair[0] != pair[1]}

    stats = json.loads(spacetime("stats", "--json", trace).stdout)
    assert stats["n_states"] > 1000
    viewable = 100 * stats["n_viewable"] / stats["n_variables"]
    left_out = sorted(name.rpartition(".")[2] for name in LEFT_OUT if f"test_{module}." in name)
    with capsys.disabled():
        print(
            f"\n  {module}: {len(left)} tests, {stats['n_states']:,} states,"
            f" {stats['stored_bytes_per_state']:.1f} bytes a state, {viewable:.2f} % viewable"
            + f" (left out, as too slow: {', '.join(left_out)})"
            * bool(left_out)
        )
