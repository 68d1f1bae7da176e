"""Fixtures of the product's tests: the programs, and ways to run Python in a subprocess."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest
import spacetimepy

# A shell's background job ignores SIGINT, and so would all programs that are run here.
signal.signal(signal.SIGINT, signal.default_int_handler)

TESTS = Path(__file__).parent
sys.path.insert(0, str(TESTS))

import generate  # noqa: E402
from handles import HANDLES, Recorded  # noqa: E402

Run = Callable[..., subprocess.CompletedProcess[str]]


def spacetime_command() -> list[str]:
    """The installed `spacetime` command, or the module it calls."""
    script = Path(sysconfig.get_path("scripts")) / "spacetime"
    return [str(script)] if script.exists() else [sys.executable, "-m", "spacetimepy"]


@pytest.fixture(scope="session")
def run() -> Run:
    """Runs a command to its end, with a fixed hash seed; gives exit code, stdout and stderr."""

    def run_command(
        *command: str, cwd: Path | None = None, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        fixed = {
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONFAULTHANDLER": "1",  # a crash says where
        }
        environment = os.environ | fixed | variables
        return subprocess.run(
            command,
            cwd=cwd,
            env=environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    return run_command


@pytest.fixture(scope="session")
def spacetime(run: Run) -> Run:
    """Runs the `spacetime` command."""
    return lambda *arguments, **options: run(*spacetime_command(), *arguments, **options)


@pytest.fixture(scope="session")
def corpus() -> list[Path]:
    """The hand-written programs and the two long ones beside them in `generated`."""
    return sorted((TESTS / "corpus").glob("*.py"))


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """500 random programs, the 300-line function and the 500-line module body."""
    return generate.write_all(tmp_path_factory.mktemp("generated"))


@pytest.fixture(scope="session")
def plain_runs() -> dict[str, subprocess.CompletedProcess[str]]:
    """What programs with handles put out without recording, which no tier changes."""
    return {}


@pytest.fixture(params=["fast", "portable"])
def recorded(
    request: pytest.FixtureRequest,
    run: Run,
    plain_runs: dict[str, subprocess.CompletedProcess[str]],
    tmp_path: Path,
) -> Recorded:
    """Runs a program with handles with and without recording; gives the calls. Keyword: a name in
    the program that is replaced by the text."""

    def record(program: str, **replaced: str) -> list[spacetimepy.Call]:
        for name, text in replaced.items():
            program = program.replace(name, text)
        (tmp_path / "program.py").write_text(HANDLES + program)
        command = (sys.executable, "program.py")
        if program not in plain_runs:
            plain_runs[program] = run(*command, cwd=tmp_path)
        plain = plain_runs[program]
        observed = run(*command, "record", cwd=tmp_path, SPACETIME_TIER=request.param)
        assert (observed.stdout, observed.returncode) == (plain.stdout, plain.returncode), (
            observed.stderr
        )
        assert observed.stderr == plain.stderr
        return list(spacetimepy.open(tmp_path / "run.spacetime", trust=True).calls())

    return record
