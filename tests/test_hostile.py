"""Hostile programs: they behave as without recording, the trace opens, and nothing is silent.

A line `# says: TEXT` in a program names a part of the reason that some value of its trace must give
for not being whole.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import spacetimepy
from conftest import TESTS, spacetime_command
from run_programs import mask

PROGRAMS = sorted((TESTS / "hostile").glob("*.py"))
LEVELS = ["line", "function"]
MAX_EXTRA_BYTES = 256 << 20
MAX_STATES_READ = MAX_CALLS_READ = 300
# Seconds after which a program hangs.
TIMEOUT = 300


def run_measured(command: list[str], folder: Path) -> tuple[int, str, str, int]:
    """Exit code, stdout, stderr and the largest resident memory, in bytes."""
    environment = os.environ | {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    out, err = folder / "out", folder / "err"
    with out.open("wb") as stdout, err.open("wb") as stderr:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=stdout, stderr=stderr
        )
        killer = threading.Timer(TIMEOUT, process.kill)
        killer.start()
        _, status, usage = os.wait4(process.pid, 0)
        killer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    texts = [mask(file.read_text()) for file in (out, err)]
    return process.returncode, *texts, usage.ru_maxrss * 1024


def reasons_in(trace: Any) -> set[str]:
    """Reads every kind of thing in the trace; gives the reasons of what is not whole."""
    reasons: set[str] = set()
    n_states = 0
    for call in trace.calls()[:MAX_CALLS_READ]:
        for value in (*call.arguments.values(), call.exception):
            look_at(value, reasons)
        if call.outcome == "RETURNED":
            look_at(call.value, reasons)
        for state in call.states:
            n_states += 1
            if n_states > MAX_STATES_READ:
                break
            for value in (*state.locals.values(), *state.globals.values()):
                look_at(value, reasons)
    return reasons


def look_at(value: Any, reasons: set[str]) -> None:
    """Goes through a value a little way, and asks what is not whole for its reason."""
    waiting, n_seen = [value], 0
    while waiting and n_seen < 200:
        n_seen += 1
        one = waiting.pop()
        if isinstance(one, spacetimepy.Value):
            assert one.preview
            if one.fidelity != "exact":
                assert one.reason, one
                reasons.add(one.reason)
        elif isinstance(one, dict):
            waiting += list(one.values())[:20]
        elif isinstance(one, list | tuple | set | frozenset):
            waiting += list(one)[:20]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.stem)
def test_hostile_programs_are_recorded_unharmed(program: Path, level: str, tmp_path: Path) -> None:
    code, stdout, stderr, used = run_measured([sys.executable, str(program)], tmp_path)
    command = [*spacetime_command(), "run", f"--{level}={program}", "-o", "run.spacetime"]
    found = run_measured([*command, str(program)], tmp_path)
    *lines, closing = found[2].splitlines(keepends=True) or [""]
    assert closing.startswith("spacetime: recorded"), found[2]
    assert (found[0], found[1], "".join(lines)) == (code, stdout, stderr)
    assert found[3] - used < MAX_EXTRA_BYTES
    with spacetimepy.open(str(tmp_path / "run.spacetime")) as trace:
        reasons = reasons_in(trace)
    if level == "line":
        for expected in re.findall(r"^# says: (.*)$", program.read_text(), re.MULTILINE):
            assert any(expected in reason for reason in reasons), reasons
