"""An independent recorder: what a program's states are, found with `sys.settrace` and deep copies.

The differential tests hold every trace against it. It shares no code and no idea with the product:
at every line event of monitored code it copies everything the state shows into the canonical form
(see `canonical`). It is slow and simple on purpose. Start with `Oracle.run`.

What a state shows: the locals, and those globals that the code object refers to by name. The locals
of a module or class body are the names the code uses as names that are bound in its namespace, and
the variables of a comprehension that runs there, but not variables of functions around a class.

That an exception leaves a frame is heard from `sys.monitoring`: a trace function cannot tell it
from a generator that is suspended, and not always which exception it is.
"""

from __future__ import annotations

import dataclasses
import dis
import gc
import inspect
import sys
import threading
import types
import warnings
from collections.abc import Callable
from typing import Any

from canonical import Form, LiveForm

GLOBAL_OPERATIONS = {
    "LOAD_GLOBAL",
    "STORE_GLOBAL",
    "DELETE_GLOBAL",
    "LOAD_NAME",
    "STORE_NAME",
    "DELETE_NAME",
    "LOAD_FROM_DICT_OR_GLOBALS",
}
RETURNING = {"RETURN_VALUE", "RETURN_CONST"}
TOOL = 4  # of `sys.monitoring`; no tool has that number by convention
GENERATOR = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


@dataclasses.dataclass
class StateForm:
    """One state: where it is and what is visible there."""

    line: int
    locals: Form
    globals: Form


@dataclasses.dataclass
class CallForm:
    """One call with its states, in canonical form; `outcome` is OPEN, RETURNED or RAISED."""

    qualname: str
    parent: int | None
    arguments: Form
    outcome: str = "OPEN"
    value: Form | None = None
    exception: Form | None = None
    states: list[StateForm] = dataclasses.field(default_factory=list)


class Oracle:
    """Traces one file's code. `granularity`: "line", or "function" for entry and exit states."""

    def __init__(self, filename: str, granularity: str = "line") -> None:
        self.calls: list[CallForm] = []
        self.has_failed = False
        self._filename = filename
        self._is_line = granularity == "line"
        self._call_by_frame: dict[int, int] = {}
        self._namespace_by_frame: dict[int, dict[str, Any]] = {}

    def run(self, program: Callable[[], None]) -> None:
        """Runs the program under the trace function."""
        gc.disable()  # the copies are many and none is garbage
        caller = sys._getframe()
        caller.f_trace, caller.f_trace_lines = self._other_event, False
        with warnings.catch_warnings():
            # 3.12 warns when a trace function sees a comprehension of a module body.
            warnings.filterwarnings("ignore", "assigning None to unbound local")
            sys.settrace(self._call_event)
            threading.settrace(self._call_event)
            self._watch_unwinding(True)
            try:
                program()
            finally:
                # The interpreter drops a trace function that raises.
                self.has_failed = sys.gettrace() != self._call_event
                self._watch_unwinding(False)
                threading.settrace(None)
                sys.settrace(None)
                caller.f_trace = None

    def _watch_unwinding(self, is_on: bool) -> None:
        """Hears of exceptions that leave frames."""
        monitoring, event = sys.monitoring, sys.monitoring.events.PY_UNWIND
        if is_on:
            monitoring.use_tool_id(TOOL, "oracle")
            monitoring.register_callback(TOOL, event, self._unwind_event)
            monitoring.set_events(TOOL, event)
        else:
            monitoring.set_events(TOOL, 0)
            monitoring.free_tool_id(TOOL)

    def _call_event(self, frame: types.FrameType, event: str, arg: Any) -> Any:
        if frame.f_code.co_filename != self._filename:
            frame.f_trace_lines = False
            return self._other_event
        is_start = (
            operation_at(frame) == "RESUME" and frame.f_code.co_code[frame.f_lasti + 1] & 3 == 0
        )
        if is_start:  # otherwise a suspended frame goes on
            self._enter(frame)
        return self._monitored_event

    def _enter(self, frame: types.FrameType) -> None:
        parameters = parameter_names(frame.f_code)
        bound = {name: frame.f_locals[name] for name in parameters if name in frame.f_locals}
        call = CallForm(frame.f_code.co_qualname, self._parent_of(frame), LiveForm().names(bound))
        self._call_by_frame[id(frame)] = len(self.calls)
        if not frame.f_code.co_flags & inspect.CO_OPTIMIZED:
            # Later, inside a comprehension, 3.13 shows only what belongs to the comprehension.
            self._namespace_by_frame[id(frame)] = frame.f_locals
        self.calls.append(call)
        if not self._is_line:
            call.states.append(self._state_of(frame))

    def _parent_of(self, frame: types.FrameType) -> int | None:
        caller = frame.f_back
        while caller is not None:
            if caller.f_code.co_filename == self._filename:
                return self._call_by_frame.get(id(caller))
            caller = caller.f_back
        return None

    def _monitored_event(self, frame: types.FrameType, event: str, arg: Any) -> Any:
        if event == "line" and self._is_line:
            self.calls[self._call_by_frame[id(frame)]].states.append(self._state_of(frame))
        elif event == "return" and operation_at(frame) in RETURNING:
            call = self._leave(frame)
            call.outcome, call.value = "RETURNED", LiveForm().of(arg)
        return self._monitored_event

    def _unwind_event(self, code: types.CodeType, offset: int, exception: BaseException) -> None:
        frame = sys._getframe(1)
        # A generator or coroutine may be left without ever having started.
        if code.co_filename == self._filename and id(frame) in self._call_by_frame:
            call = self._leave(frame)
            call.outcome, call.exception = "RAISED", LiveForm().of(exception)

    def _leave(self, frame: types.FrameType) -> CallForm:
        call = self.calls[self._call_by_frame[id(frame)]]
        if not self._is_line:
            call.states.append(self._state_of(frame))
        del self._call_by_frame[id(frame)]
        return call

    def _state_of(self, frame: types.FrameType) -> StateForm:
        """The state of a frame as it stands; locals and globals share one numbering of objects."""
        code, namespace, form = frame.f_code, frame.f_globals, LiveForm()
        if code.co_flags & inspect.CO_OPTIMIZED:
            # On 3.12 `f_locals` also keeps what `exec` bound there.
            names = (*code.co_varnames, *code.co_cellvars, *code.co_freevars)
            shown = frame.f_locals
            visible = {name: shown[name] for name in names if name in shown}
        else:
            # The body's own names, and while a comprehension runs the variables of that.
            held, shown = self._namespace_by_frame[id(frame)], frame.f_locals
            visible = {name: held[name] for name in global_names(code) if name in held}
            visible |= {name: shown[name] for name in code.co_varnames if name in shown}
        reachable = {name: namespace[name] for name in global_names(code) if name in namespace}
        line = frame.f_lineno if self._is_line else code.co_firstlineno
        return StateForm(line, form.names(visible), form.names(reachable))

    def _other_event(self, frame: types.FrameType, event: str, arg: Any) -> Any:
        return self._other_event


def operation_at(frame: types.FrameType) -> str:
    """Name of the instruction the frame stands at."""
    return dis.opname[frame.f_code.co_code[frame.f_lasti]]


def parameter_names(code: types.CodeType) -> tuple[str, ...]:
    """Parameters of every kind, `*args` and `**kwargs` included."""
    count = code.co_argcount + code.co_kwonlyargcount
    count += bool(code.co_flags & inspect.CO_VARARGS) + bool(code.co_flags & inspect.CO_VARKEYWORDS)
    return code.co_varnames[:count]


_global_names: dict[int, tuple[types.CodeType, tuple[str, ...]]] = {}


def global_names(code: types.CodeType) -> tuple[str, ...]:
    """Names that the code reads or writes as globals, or as names that may be globals."""
    if id(code) not in _global_names:
        _global_names[id(code)] = code, tuple(sorted(names_used(code)))
    return _global_names[id(code)][1]


def names_used(code: types.CodeType) -> set[str]:
    """Operands of the operations on global names (`dis` tells the same, ten times slower)."""
    used: set[str] = set()
    high = 0
    for operation, low in zip(code.co_code[::2], code.co_code[1::2], strict=True):
        name, operand = dis.opname[operation], high | low
        high = operand << 8 if name == "EXTENDED_ARG" else 0
        if name in GLOBAL_OPERATIONS:
            used.add(code.co_names[operand >> 1 if name == "LOAD_GLOBAL" else operand])
    return used
