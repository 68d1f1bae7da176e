"""The oracle beside the recorder: copies of wanted variables, taken from the living objects.

A plugin of pytest (`-p copying`) in the virtual environment of a project. A trace function
(`sys.settrace`) follows the calls in which something is wanted (`$RESTORABLE_WANTED`, as `drawing`
draws it from an earlier trace) and takes the canonical form (`tests/canonical.py`) of a variable
when its call has come to the line event with the number of the state. The recorder hears of the
event right after, so that copy and state are of one moment of one run: nothing but recording and
restoring can make them differ.

At the end the copies are in `$RESTORABLE_COPIES`.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import threading
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

import canonical
import pytest
from oracle import operation_at

Place = tuple[str, int, str]  # file, first line and qualified name of a code object


class TooLargeError(Exception):
    """A value reaches more than the oracle copies."""


class BoundedForm(canonical.LiveForm):
    """The canonical form of a value that reaches no more than so many parts.

    Ordering the elements of sets walks what they reach once for each of them. Functions are told by
    their code too, which pytest may have rewritten, and named tuples by their fields: neither a
    name nor an import says that the right one came back.
    """

    MOST = 50_000
    n_left = MOST

    def of(self, value: Any) -> canonical.Form:
        """The form of a part."""
        BoundedForm.n_left -= 1
        if BoundedForm.n_left < 0:
            raise TooLargeError
        form = super().of(value)
        if type(value) is FunctionType:
            code = value.__code__
            return (*form, code.co_firstlineno, code.co_qualname, code.co_freevars)
        if type(value) is type and "_fields" in value.__dict__:
            return (*form, value.__dict__["_fields"])
        return form


canonical.LiveForm = BoundedForm  # type: ignore[misc]  # it makes further ones by its own name


def form_of(value: Any) -> str | None:
    """The canonical form of a value, short; None of one that reaches too much."""
    BoundedForm.n_left = BoundedForm.MOST
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    try:
        text = repr(BoundedForm().of(value))
    except (TooLargeError, RecursionError):
        return None
    finally:
        sys.setrecursionlimit(limit)
    return f"{hashlib.sha256(text.encode('utf-8', 'backslashreplace')).hexdigest()} {text[:2000]}"


class WantedCode:
    """What is wanted of the calls of a code: by number of the call and of the state the names."""

    def __init__(self) -> None:
        self.names: dict[int, dict[int, list[str]]] = {}
        self.n_calls = 0


class SeenCode:
    """A code object that ran.

    Args:
        code: Kept, so that its address stays its own.
        wanted: What is wanted of its calls, if anything.
    """

    def __init__(self, code: CodeType, wanted: WantedCode | None) -> None:
        self.code = code
        self.wanted = wanted
        # The number of its last call before the running one; None as long as none was recorded.
        self.last_call: int | None = None


class Oracle:
    """Takes the copies.

    Args:
        recorder: The recorder in C, which knows the number of the last call of a code.
        wanted: As `drawing.draw` gives it.
    """

    def __init__(self, recorder: Any, wanted: list[Any]) -> None:
        # Call, state, line, name and form, which is None where the value is too large.
        self.copies: list[tuple[int, int, int, str, str | None]] = []
        self.n_lines_by_call: dict[int, int] = {}
        self.recorder = recorder
        self._wanted_by_place: dict[Place, WantedCode] = {}
        for place, call, state, name in wanted:
            code = self._wanted_by_place.setdefault(tuple(place), WantedCode())
            code.names.setdefault(call, {}).setdefault(state, []).append(name)
        # By identity, for hashing a code object hashes all of it.
        self._seen: dict[int, SeenCode] = {}
        self._call_by_frame: dict[int, WantedCall] = {}

    def start(self) -> None:
        """Traces this thread and those to come."""
        threading.settrace(self._on_call)
        sys.settrace(self._on_call)

    def stop(self) -> None:
        """Traces nothing any more."""
        threading.settrace(None)  # type: ignore[arg-type]
        sys.settrace(None)

    def _on_call(self, frame: FrameType, event: str, arg: Any) -> Any:
        code = frame.f_code
        seen = self._seen.get(id(code))
        if seen is None:
            place = (code.co_filename, code.co_firstlineno, code.co_qualname)
            seen = self._seen[id(code)] = SeenCode(code, self._wanted_by_place.get(place))
        wanted = seen.wanted
        if wanted is None:
            return None
        is_start = operation_at(frame) == "RESUME" and code.co_code[frame.f_lasti + 1] & 3 == 0
        if not is_start:
            call = self._call_by_frame.get(id(frame))
            return None if call is None else call.trace
        self._call_by_frame.pop(id(frame), None)
        last_call = self.recorder.last_call_of(code)
        if last_call != seen.last_call:
            seen.last_call = last_call
            wanted.n_calls += 1
        names = wanted.names.get(wanted.n_calls)
        if names is None:
            return None
        call = self._call_by_frame[id(frame)] = WantedCall(self, seen, names)
        return call.trace

    def copy(self, frame: FrameType, call: int, state: int, names: list[str]) -> None:
        """Copies variables of a frame, as far as they are bound."""
        shown = frame.f_locals
        for name in names:
            if name not in shown and name not in frame.f_globals:
                continue
            value = shown[name] if name in shown else frame.f_globals[name]
            self.copies.append((call, state, frame.f_lineno, name, form_of(value)))


class WantedCall:
    """A call of which something is wanted."""

    def __init__(self, oracle: Oracle, code: SeenCode, names: dict[int, list[str]]) -> None:
        self.trace = self._on_event
        self._oracle = oracle
        self._code = code
        self._names = names
        self._number: int | None = None

    def _on_event(self, frame: FrameType, event: str, arg: Any) -> Any:
        if event != "line":
            return self.trace
        oracle = self._oracle
        if self._number is None:
            number = oracle.recorder.last_call_of(frame.f_code)
            if number is None or number == self._code.last_call:
                return None  # not recorded
            self._number = number
            oracle.n_lines_by_call[number] = 0
        state = oracle.n_lines_by_call[self._number]
        oracle.n_lines_by_call[self._number] = state + 1
        if state in self._names:
            oracle.copy(frame, self._number, state, self._names[state])
        return self.trace


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtestloop(session: pytest.Session) -> Any:
    """Takes copies once the recorder is there, and writes them when the last test has run."""
    recording = session.config.pluginmanager.get_plugin("spacetime-recording")
    wanted = json.loads(Path(os.environ["RESTORABLE_WANTED"]).read_text())
    oracle = Oracle(recording._recorder._native, wanted)
    oracle.start()
    try:
        return (yield)
    finally:
        oracle.stop()
        found = {
            "n_wanted": len(wanted),
            "copies": oracle.copies,
            "n_lines_by_call": [*oracle.n_lines_by_call.items()],
            "path": sys.path,
        }
        Path(os.environ["RESTORABLE_COPIES"]).write_text(json.dumps(found))
