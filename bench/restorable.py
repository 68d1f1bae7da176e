"""How many recorded values come back as they were: the oracle's copies, and what is restored.

Both halves run in the virtual environment of a project:

* as a plugin of pytest (`-p restorable`) it is an oracle beside the recorder: a trace function
  (`sys.settrace`) that at random line events takes the canonical form (`tests/canonical.py`) of a
  random variable, local or global, straight from the living object. `pytest` ends with the copies
  written to `$RESTORABLE_COPIES`; `$RESTORABLE_WANTED` says of what code and how many;
* as a script, in a fresh process, it finds the state of each copy in the trace, restores the
  variable and compares the canonical form of what comes back.

Copy and state are of one run, so that nothing but recording and restoring can make them differ. The
place of a copy is its code, the number of the call among those of that code, the line, and how
often the call had come to that line.
"""

from __future__ import annotations

import collections
import dataclasses
import hashlib
import inspect
import json
import os
import random
import sys
import threading
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import canonical
from oracle import global_names, operation_at

# What is counted apart: kinds without a value of their own, and what is left out on purpose.
APART = ("it has no value apart from", "excluded by the user", "larger than the size limit")

Place = tuple[str, int, str]  # file, first line and qualified name of a code object

# What the recorder leaves out: names that pytest puts into rewritten modules.
HIDDEN = "@py"


@dataclasses.dataclass(frozen=True)
class Copy:
    """The copy of a variable and where it was taken."""

    place: Place
    call: int
    line: int
    visit: int
    name: str
    form: str


class TooLargeError(Exception):
    """A value reaches more than the oracle copies."""


class BoundedForm(canonical.LiveForm):
    """The canonical form of a value that reaches no more than so many parts.

    Ordering the elements of sets walks what they reach once for each of them.
    """

    MOST = 2_000
    n_left = MOST

    def of(self, value: Any) -> canonical.Form:
        """The form of a part."""
        BoundedForm.n_left -= 1
        if BoundedForm.n_left < 0:
            raise TooLargeError
        return super().of(value)


canonical.LiveForm = BoundedForm  # type: ignore[misc]  # it makes further ones by its own name


def form_of(value: Any) -> str:
    """The canonical form of a value, short."""
    BoundedForm.n_left = BoundedForm.MOST
    text = repr(BoundedForm().of(value))
    return f"{hashlib.sha256(text.encode('utf-8', 'backslashreplace')).hexdigest()} {text[:2000]}"


class Sampler:
    """The oracle.

    Args:
        n_wanted: How many copies are kept, each (state, variable) pair being as likely as another.
        places: The code that is recorded, as an earlier trace has it.
    """

    def __init__(self, n_wanted: int, places: set[Place]) -> None:
        self.copies: list[Copy] = []
        self.n_calls: dict[Place, int] = collections.Counter()
        self.n_too_large = 0
        self._n_wanted = n_wanted
        self._n_seen = 0
        self._random = random.Random(3)
        self._call_by_frame: dict[int, int] = {}
        self._visits: dict[int, collections.Counter[int]] = {}
        self._places = places
        self._is_recorded: dict[CodeType, bool] = {}

    def start(self) -> None:
        """Traces this thread and those to come."""
        threading.settrace(self._on_call)
        sys.settrace(self._on_call)

    def _on_call(self, frame: FrameType, event: str, arg: Any) -> Any:
        code = frame.f_code
        if code not in self._is_recorded:
            is_function = bool(code.co_flags & inspect.CO_OPTIMIZED)
            self._is_recorded[code] = is_function and place_of(code) in self._places
        if not self._is_recorded[code]:
            return None
        is_start = operation_at(frame) == "RESUME" and code.co_code[frame.f_lasti + 1] & 3 == 0
        if is_start:
            place = place_of(code)
            self._call_by_frame[id(frame)] = self.n_calls[place]
            self._visits[id(frame)] = collections.Counter()
            self.n_calls[place] += 1
        return self._on_line

    def _on_line(self, frame: FrameType, event: str, arg: Any) -> Any:
        visits = self._visits.get(id(frame))
        if event == "line" and visits is not None:
            line = frame.f_lineno
            visits[line] += 1
            self._perhaps_copy(frame, line, visits[line] - 1)
        return self._on_line

    def _perhaps_copy(self, frame: FrameType, line: int, visit: int) -> None:
        code = frame.f_code
        held = frame.f_locals
        used = [name for name in global_names(code) if name in frame.f_globals]
        names = [name for name in [*held, *used] if not name.startswith(HIDDEN)]
        self._n_seen += len(names)
        wanted = self._n_wanted * len(names)
        if not names or self._random.random() >= wanted / max(self._n_wanted, self._n_seen):
            return
        name = self._random.choice(names)
        value = held[name] if name in held else frame.f_globals[name]
        try:
            form = form_of(value)
        except (RecursionError, TooLargeError):
            self.n_too_large += 1
            return
        call = self._call_by_frame[id(frame)]
        copy = Copy(place_of(code), call, line, visit, name, form)
        if len(self.copies) < self._n_wanted:
            self.copies.append(copy)
        else:
            self.copies[self._random.randrange(self._n_wanted)] = copy


def place_of(code: CodeType) -> Place:
    """Which code it is, in a form that the trace has too."""
    return code.co_filename, code.co_firstlineno, code.co_qualname


_sampler: Sampler | None = None


def pytest_collection_finish(session: Any) -> None:
    """Begins to take copies."""
    global _sampler
    wanted = json.loads(Path(os.environ["RESTORABLE_WANTED"]).read_text())
    _sampler = Sampler(wanted["n_wanted"], {tuple(place) for place in wanted["places"]})
    _sampler.start()


def pytest_unconfigure(config: Any) -> None:
    """Writes the copies."""
    sys.settrace(None)
    if _sampler is not None:
        found = {
            "copies": [dataclasses.astuple(copy) for copy in _sampler.copies],
            "n_calls": [[*place, n] for place, n in _sampler.n_calls.items()],
            "path": sys.path,
            "n_too_large": _sampler.n_too_large,
        }
        Path(os.environ["RESTORABLE_COPIES"]).write_text(json.dumps(found))


class Comparison:
    """Restores the copied variables from the trace, one by one."""

    def __init__(self, trace: Any, found: dict[str, Any]) -> None:
        self.outcomes: collections.Counter[str] = collections.Counter()
        self.reasons: collections.Counter[str] = collections.Counter()
        self._n_calls = {tuple(place): n for *place, n in found["n_calls"]}
        self._lines: dict[int, list[int]] = {}
        self._calls: dict[Place, list[Any]] = collections.defaultdict(list)
        for call in trace.calls():
            self._calls[call.file, call.line, call.qualname].append(call)

    def state_of(self, copy: Copy) -> Any:
        """The state in which a copy was taken, if its code was recorded."""
        calls = self._calls.get(copy.place, [])
        if len(calls) != self._n_calls[copy.place]:
            return None
        call = calls[copy.call]
        if call.id not in self._lines:
            self._lines[call.id] = [state.line for state in call.states]
        visits = [at for at, line in enumerate(self._lines[call.id]) if line == copy.line]
        return call.states[visits[copy.visit]] if copy.visit < len(visits) else None

    def compare(self, copy: Copy) -> bool:
        """Notes what became of a copy; gives whether its code was recorded."""
        from spacetimepy.errors import RestoreError
        from spacetimepy.restoring import restore_named

        state = self.state_of(copy)
        if state is None:
            return False
        try:
            value = restore_named(state, copy.name)
        except RestoreError as error:
            reason = str(error).partition(" cannot be restored: ")[2]
            self._note("apart" if reason.startswith(APART) else "refused", reason)
            return True
        form = form_of(value)
        if form == copy.form:
            self.outcomes["equal"] += 1
        else:
            self._note("different", f"differs: {copy.name} at {copy.place[0]}:{copy.line}")
            if os.environ.get("RESTORABLE_SHOW"):
                print(f"{copy}\n  restored {form}", file=sys.stderr)
        return True

    def _note(self, outcome: str, reason: str) -> None:
        self.outcomes[outcome] += 1
        self.reasons[f"{outcome}: {reason}"] += 1


def main() -> None:
    """Compares a number of copies; prints the outcomes as JSON."""
    trace_path, copies_path, n_wanted = sys.argv[1:]
    found = json.loads(Path(copies_path).read_text())
    sys.path[:] = found["path"]
    sys.setrecursionlimit(20_000)
    copies = [Copy(tuple(place), *rest) for place, *rest in found["copies"]]
    random.Random(4).shuffle(copies)
    import spacetimepy

    with spacetimepy.open(trace_path, trust=True) as trace:
        comparison = Comparison(trace, found)
        n_compared = 0
        for copy in copies:
            n_compared += comparison.compare(copy)
            if n_compared == int(n_wanted):
                break
    comparison.outcomes["too large"] = found["n_too_large"]
    json.dump([comparison.outcomes, comparison.reasons.most_common(30)], sys.stdout)


if __name__ == "__main__":
    main()
