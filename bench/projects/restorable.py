"""How many recorded values come back as they were.

    python restorable.py TRACE COPIES N [--show]

Runs in a fresh process of the virtual environment of a project: finds the state of each copy that
the oracle took (`copying`), restores the variable and compares the canonical form of what comes
back. Prints what became of the first N in random order as JSON; with `--show`, on standard error,
both forms where they differ.
"""

from __future__ import annotations

import collections
import json
import random
import sys
from pathlib import Path
from typing import Any

from copying import form_of

# What is counted apart: kinds without a value of their own, and what is left out on purpose.
LIVE = "it has no value apart from"
ON_PURPOSE = ("excluded by the user", "larger than the size limit")


class Comparison:
    """Restores the copied variables from the trace, one by one."""

    def __init__(self, trace: Any, found: dict[str, Any], *, shows: bool) -> None:
        self.outcomes: collections.Counter[str] = collections.Counter()
        self.reasons: collections.Counter[str] = collections.Counter()
        self._trace = trace
        self._first_call = trace._native.sessions()[0]["first_call"]
        self._n_lines_by_call = dict(found["n_lines_by_call"])
        self._shows = shows

    def state_of(self, call: int, index: int, line: int) -> Any:
        """The state in which a copy was taken, if oracle and recorder saw the same lines."""
        recorded = self._trace.call(self._first_call + call)
        if len(recorded.states) != self._n_lines_by_call[call]:
            return None
        state = recorded.states[index]
        return state if state.line == line else None

    def compare(self, call: int, index: int, line: int, name: str, form: str | None) -> bool:
        """Notes what became of a copy; gives whether its state was found."""
        from spacetimepy.errors import RestoreError
        from spacetimepy.restoring import restore_named

        state = self.state_of(call, index, line)
        if state is None:
            return False
        try:
            value = restore_named(state, name)
            restored = form_of(value)
        except RestoreError as error:
            reason = str(error).partition(" cannot be restored: ")[2]
            is_live, is_on_purpose = reason.startswith(LIVE), reason.startswith(ON_PURPOSE)
            outcome = "live" if is_live else "left out" if is_on_purpose else "refused"
            self.outcomes[outcome] += 1
            self.reasons[f"{outcome}: {reason}"] += 1
            return True
        if form is None:
            self.outcomes["too large"] += 1
            return True
        self.outcomes["equal" if restored == form else "different"] += 1
        if restored != form:
            place = f"{name} at {Path(state.call.file).name}:{line}"
            self.reasons[f"different: {place}"] += 1
            if self._shows:
                print(
                    f"{place} {state!r}\n  copy     {form}\n  restored {restored}", file=sys.stderr
                )
        return True


def main() -> None:
    """Compares a number of copies."""
    trace_path, copies_path, n_wanted, *options = sys.argv[1:]
    found = json.loads(Path(copies_path).read_text())
    sys.path[:] = found["path"]
    copies = found["copies"]
    random.Random(4).shuffle(copies)
    import spacetimepy

    with spacetimepy.open(trace_path, trust=True) as trace:
        comparison = Comparison(trace, found, shows="--show" in options)
        n_compared = n_lost = 0
        for copy in copies:
            if n_compared == int(n_wanted):
                break
            is_found = comparison.compare(*copy)
            n_compared, n_lost = n_compared + is_found, n_lost + (not is_found)
    facts = {
        "outcomes": comparison.outcomes,
        "reasons": comparison.reasons.most_common(),
        "n_wanted": found["n_wanted"],
        "n_not_met": found["n_wanted"] - len(copies),
        "n_not_aligned": n_lost,
    }
    json.dump(facts, sys.stdout)


if __name__ == "__main__":
    main()
