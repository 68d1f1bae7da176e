"""Compares what the oracle saw with what a trace holds, and says where they first part.

    python compare.py ORACLE.pickle TRACE.spacetime

Prints one line for each program that differs; exit code 0 if every program is equal.
Start with `differences`.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from oracle import CallForm, StateForm


def normalise(states: list[StateForm]) -> list[StateForm]:
    """The one normalisation: consecutive states of one line in one call with equal values are one.

    A line that is executed several times in a row (a loop on one line) gives a state each time.
    Where nothing changed between two of them, the interpreter's event sources do not agree on
    whether there was a second execution at all, so equal neighbours count once. States that differ
    are never merged.
    """
    kept: list[StateForm] = []
    for state in states:
        if not kept or kept[-1] != state:
            kept.append(state)
    return kept


def differences(expected: list[CallForm], found: list[CallForm]) -> Iterator[str]:
    """Says where a trace departs from the oracle, call by call; nothing if they are equal."""
    for number, (left, right) in enumerate(zip(expected, found, strict=False)):
        place = f"call {number} {left.qualname}"
        for field in ("qualname", "parent", "arguments", "outcome", "value", "exception"):
            if getattr(left, field) != getattr(right, field):
                where, a, b = first_difference(getattr(left, field), getattr(right, field), field)
                yield f"{place}: {where}: oracle {a!r}, trace {b!r}"
        yield from state_differences(place, normalise(left.states), normalise(right.states))
    if len(expected) != len(found):
        names = [[call.qualname for call in calls] for calls in (expected, found)]
        yield f"{len(expected)} calls in the oracle, {len(found)} in the trace: {names}"


def state_differences(place: str, left: list[StateForm], right: list[StateForm]) -> Iterator[str]:
    """Says where the states of one call first differ."""
    for index, (a, b) in enumerate(zip(left, right, strict=False)):
        if a != b:
            yield f"{place}: state {index}: {describe_difference(a, b)}"
            return
    if len(left) != len(right):
        lines = [[state.line for state in states] for states in (left, right)]
        yield f"{place}: {len(left)} states in the oracle, {len(right)} in the trace: {lines}"


def describe_difference(a: StateForm, b: StateForm) -> str:
    """The first part of two states that differs."""
    if a.line != b.line:
        return f"oracle at line {a.line}, trace at line {b.line}"
    field = "locals" if a.locals != b.locals else "globals"
    where, left, right = first_difference(getattr(a, field), getattr(b, field), field)
    return f"line {a.line}: {where}: oracle {left!r}, trace {right!r}"


def first_difference(a: Any, b: Any, path: str) -> tuple[str, Any, Any]:
    """Path to the innermost parts that differ, and those parts."""
    both_tuples = isinstance(a, tuple) and isinstance(b, tuple)
    if both_tuples and len(a) == len(b) and a[:1] == b[:1]:
        for index, (left, right) in enumerate(zip(a, b, strict=True)):
            if left != right:
                name = f".{a[0]}" if index == 1 and isinstance(a[0], str) else f"[{index}]"
                return first_difference(left, right, path + name)
    if both_tuples and len(a) == len(b):
        for index, (left, right) in enumerate(zip(a, b, strict=True)):
            if left != right and isinstance(left, tuple) and isinstance(right, tuple):
                return first_difference(left, right, f"{path}[{index}]")
    return path, a, b


def main(oracle_path: str, trace_path: str) -> int:
    """Prints the differences of all programs of a batch."""
    import from_trace

    expected = pickle.loads(Path(oracle_path).read_bytes())
    ran = pickle.loads(Path(trace_path + ".ran").read_bytes())
    found = from_trace.sessions(trace_path)
    n_different = n_states = 0
    for name, (ran_under_oracle, calls) in expected.items():
        problems = list(differences(calls, found.get(name, [])))
        if ran[name] != ran_under_oracle:
            problems.append(f"it did {ran[name]}, under the oracle {ran_under_oracle}")
        n_states += sum(len(call.states) for call in calls)
        if problems:
            n_different += 1
            print(
                f"{name}: {problems[0]}" + f" (and {len(problems) - 1} more)" * (len(problems) > 1)
            )
    print(f"{len(expected)} programs, {n_states} states, {n_different} programs differ")
    return 1 if n_different or not n_states else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
