"""Hostile programs: they behave as without recording, the trace opens, and nothing is silent.

A line `# says: TEXT` in a program names a part of a reason that some value of its trace must give
for not being whole, and no value may give another; `# says at line: TEXT` is about that level only.
`# tier: fast` leaves the portable tier out.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import spacetimepy
from conftest import TESTS, spacetime_command
from run_programs import mask

PROGRAMS = sorted((TESTS / "hostile").glob("*.py"))
LEVELS = ["line", "function"]
TIERS = ["fast", "portable"]
MAX_EXTRA_BYTES = 256 << 20
MAX_CALLS_READ, MAX_STATES_READ = 2000, 500
# Seconds after which a program hangs.
TIMEOUT = 300

# Runs a command and writes its status and its largest resident memory, in KiB, to a file. A process
# begins with the memory of the one that made it, so that a small one has to.
MEASURE = """
import os, sys
process = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(process, 0)
with open(sys.argv[1], "w") as file:
    print(os.waitstatus_to_exitcode(status), usage.ru_maxrss, file=file)
"""


def run_measured(command: list[str], folder: Path, **variables: str) -> tuple[int, str, str, int]:
    """Exit code, stdout, stderr and the largest resident memory, in bytes."""
    fixed = {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    out, err, measured = folder / "out", folder / "err", folder / "measured"
    with out.open("wb") as stdout, err.open("wb") as stderr:
        subprocess.run(
            [sys.executable, "-I", "-S", "-c", MEASURE, str(measured), *command],
            cwd=folder,
            env=os.environ | fixed | variables,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            timeout=TIMEOUT,
            check=True,
        )
    code, n_kibibytes = map(int, measured.read_text().split())
    texts = [mask(file.read_text()) for file in (out, err)]
    return code, *texts, n_kibibytes * 1024


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
            waiting += list(one.attributes.values())[:20]
        elif isinstance(one, dict):
            waiting += list(one.values())[:20]
        elif isinstance(one, list | tuple | set | frozenset):
            waiting += list(one)[:20]


def marks_in(program: Path, name: str) -> list[str]:
    """The texts of the lines `# NAME: TEXT`."""
    return re.findall(rf"^# {name}: (.*)$", program.read_text(), re.MULTILINE)


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.stem)
def test_hostile_programs_are_recorded_unharmed(
    program: Path, level: str, tier: str, tmp_path: Path
) -> None:
    if tier not in (marks_in(program, "tier") or TIERS):
        pytest.skip("takes forever on this tier")
    code, stdout, stderr, used = run_measured([sys.executable, str(program)], tmp_path)
    command = [*spacetime_command(), "run", f"--{level}={program}", "-o", "run.spacetime"]
    found = run_measured([*command, str(program)], tmp_path, SPACETIME_TIER=tier)
    *lines, closing = found[2].splitlines(keepends=True) or [""]
    assert closing.startswith("spacetime: recorded"), found[2]
    assert (found[0], found[1], "".join(lines)) == (code, stdout, stderr)
    assert found[3] - used < MAX_EXTRA_BYTES
    with spacetimepy.open(str(tmp_path / "run.spacetime")) as trace:
        reasons = reasons_in(trace) | {reason for reason, _ in trace.summary()["not_viewable"]}
    expected = marks_in(program, "says") + marks_in(program, f"says at {level}")
    assert all(any(mark in reason for reason in reasons) for mark in expected), reasons
    assert all(any(mark in reason for mark in expected) for reason in reasons), reasons
