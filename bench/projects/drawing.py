"""Draws (state, variable) pairs of a trace, each pair being as likely as any other.

States have different numbers of variables. So cells of a grid are drawn, states by positions of
variables; a cell is empty where its state has fewer variables than that.

A pair is said in words that hold for another run of the same program too: the code, the number of
the call among the calls of that code, the number of the state in the call, the name. Start with
`draw`.
"""

from __future__ import annotations

import collections
import json
import random
from typing import Any

__all__ = ["Wanted", "draw"]

# File, first line and qualified name of a code object; call; state; name of the variable.
Wanted = tuple[tuple[str, int, str], int, int, str]

CELLS_AT_ONCE = 4096


def draw(trace: Any, n_wanted: int, seed: int) -> list[Wanted]:
    """Draws so many pairs, or all if there are no more."""
    numbers, places = _calls_by_code(trace)
    found: list[Wanted] = []
    for state, name in _pairs(trace, n_wanted, random.Random(seed)):
        call = state.call.id
        found.append((places[call], numbers[call], state.index, name))
    return found


def _pairs(trace: Any, n_wanted: int, chance: random.Random) -> list[tuple[Any, str]]:
    n_states = sum(session.n_states for session in trace.sessions)
    most_names = max((_n_names(*row) for row in trace.sql(NAMES_OF_CODES)), default=0)
    n_cells = n_states * most_names
    # Most states have at least one variable, so these are enough.
    cells = chance.sample(range(n_cells), min(n_cells, max(n_wanted * most_names, CELLS_AT_ONCE)))
    found: list[tuple[Any, str]] = []
    for start in range(0, len(cells), CELLS_AT_ONCE):
        # In the order of the trace, which is read so much faster.
        filled = [
            (state, names[at])
            for state_id, at in sorted(
                divmod(cell, most_names) for cell in cells[start : start + CELLS_AT_ONCE]
            )
            for state in [trace.state(state_id + 1)]
            for names in [_names_in(state)]
            if at < len(names)
        ]
        chance.shuffle(filled)
        found += filled[: n_wanted - len(found)]
        if len(found) == n_wanted:
            break
    return found


NAMES_OF_CODES = "SELECT slots, global_names FROM code"


def _n_names(slots: str, global_names: str) -> int:
    return len(json.loads(slots)) + len(json.loads(global_names))


def _names_in(state: Any) -> list[str]:
    held, used = state._view.lazily()
    return [*(held | used)]


def _calls_by_code(trace: Any) -> tuple[dict[int, int], dict[int, tuple[str, int, str]]]:
    """The number of each call among those of its code, and what code that is."""
    n_calls: dict[tuple[str, int, str], int] = collections.Counter()
    numbers: dict[int, int] = {}
    places: dict[int, tuple[str, int, str]] = {}
    for call in trace.calls():
        place = places[call.id] = (call.file, call.line, call.qualname)
        numbers[call.id] = n_calls[place]
        n_calls[place] += 1
    return numbers, places
