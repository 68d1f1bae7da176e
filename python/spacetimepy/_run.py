"""`spacetime run`: runs a program as the interpreter itself would, recorded.

The program sees what `python script.py` or `python -m module` would show it: `sys.argv`,
`sys.path`, a `__main__` module of its own; its exit code, its traceback and its output are those
of an ordinary run. One line on standard error at the end says what was recorded and where.

What happens after the program needs nothing that it could have changed or closed: everything is
imported and bound before it (see `spacetimepy._isolation`).
"""

from __future__ import annotations

import os
import sys
from _json import encode_basestring_ascii as _quoted
from _thread import _count as _n_threads
from atexit import register as _at_exit
from io import TextIOWrapper
from os import getpid as _getpid
from os import stat as _stat

from spacetimepy import _native, _source, recording, values
from spacetimepy._isolation import isolate, members_of, tell
from spacetimepy._phrasing import as_typed, counted, shell_quoted
from spacetimepy.errors import PatternError, SpacetimeError
from spacetimepy.patterns import Selection
from spacetimepy.trace import open as _open

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any

    from spacetimepy._native import RunRequest
    from spacetimepy.recording import Recorder

__all__ = ["run"]

isolate(globals())

OK = 0
PROGRAM_FAILED = 1
MISUSE = 2
# If the signal of Ctrl-C does not end the process.
INTERRUPTED = 130

# Before 3.12.3 the interpreter refuses to start threads, and to fork, from when it begins to wait
# for those there are (CPython's issue 113964): only if it waits itself are they refused as without
# recording.
_REFUSES_THREADS_AT_ITS_END = sys.version_info < (3, 12, 3)

# What is read at the end, to say where an exception was raised, makes these.
_Value = values.Value

_Ending = tuple["BaseException | None", int]
_modules = sys.modules


def run(request: RunRequest, args: list[str]) -> int:
    """Runs the program a request names, with these arguments; returns its exit code."""
    if not request.is_module and not os.path.exists(request.target):
        # The interpreter's own words and exit code.
        return _report(request, f"can't open file {request.target!r}: no such file", MISUSE)
    problem = _missing_program(request)
    if problem is not None:
        return _report(request, problem, PROGRAM_FAILED)
    try:
        recorder = _recorder_for(request)
    except SpacetimeError as error:
        return _report(request, str(error), error.exit_code)
    pid = _getpid()
    recorder._on_exit = lambda status: _close_at_once(recorder, request, status)
    exception, exit_code = _run_program(request, args)

    def end() -> int:
        if _getpid() != pid:
            # A forked child that came to its end: the closing line is the parent's.
            _close_child(exception)
            return exit_code
        _flush_output()
        code = _close(recorder, request, exception, exit_code)
        if code == INTERRUPTED and issubclass(type(exception), KeyboardInterrupt):
            # As the interpreter does, so that who waits for this process sees what ended it.
            _native.end_by_interrupt()
        return code

    if _REFUSES_THREADS_AT_ITS_END and _n_threads() > 0:

        def end_late() -> None:
            code = end()
            if code != exit_code:
                _native.end_with(code)

        # Registered last, so called first: right after the interpreter waited for threads.
        _at_exit(end_late)
        return exit_code
    exception, exit_code = _wait_for_threads(exception, exit_code)
    return end()


def _missing_program(request: RunRequest) -> str | None:
    """What the interpreter says where there is no program to run, so that nothing is recorded."""
    if request.is_module:
        from importlib.util import find_spec

        _set_first_path(os.getcwd())
        name = request.target.partition(".")[0]
        try:
            is_missing = bool(name) and find_spec(name) is None
        except (ImportError, ValueError):
            return None
        return f"No module named {name}" if is_missing else None
    if os.path.isdir(request.target):
        from importlib.machinery import PathFinder

        path = os.path.abspath(request.target)
        if PathFinder.find_spec("__main__", [path]) is None:
            return f"can't find '__main__' module in {request.target!r}"
    return None


def _recorder_for(request: RunRequest) -> Recorder:
    selection = Selection(
        function=request.function,
        line=request.line,
        main_line=request.line_main,
        own_files=not (request.function or request.line or request.line_main),
    )
    recorder = recording._start(
        request.output or f"{_name_of(request)}.spacetime",
        selection=selection,
        overwrite=request.overwrite,
        limits=recording.Limits(**request.limits),
        program_name=_name_of(request),
    )
    recorder.is_given = True
    recorder._begin_implicit_session()
    return recorder


def _name_of(request: RunRequest) -> str:
    if request.is_module:
        return request.target
    return os.path.splitext(os.path.basename(os.path.abspath(request.target)))[0]


def _run_program(request: RunRequest, args: list[str]) -> _Ending:
    """Runs the program to its end; returns what ended it, and the exit code."""
    main = _new_main_module()
    try:
        if request.is_module:
            _run_module(request, args)
        elif os.path.isdir(request.target) or _is_zip(request.target):
            _run_folder(request, args)
        else:
            _run_script(request, args, main.__dict__)
    except SystemExit as exception:
        return exception, _exit_code_of(exception)
    except BaseException as exception:
        _print_traceback(exception)
        is_interrupt = issubclass(type(exception), KeyboardInterrupt)
        return exception, INTERRUPTED if is_interrupt else PROGRAM_FAILED
    return None, OK


def _new_main_module() -> Any:
    """A `__main__` with the names, in the order, that the interpreter gives it."""
    import builtins
    import types

    main = types.ModuleType("__main__")
    main.__dict__.update(__annotations__={}, __builtins__=builtins)
    sys.modules["__main__"] = main
    return main


def _run_script(request: RunRequest, args: list[str], names: dict[str, Any]) -> None:
    from importlib.machinery import SourceFileLoader

    path = os.path.abspath(request.target)
    sys.argv[:] = [request.target, *args]
    _set_first_path(os.path.dirname(os.path.realpath(path)))
    names["__loader__"] = SourceFileLoader("__main__", path)
    names["__file__"] = path
    names["__cached__"] = None
    if path.endswith(".pyc"):
        from importlib.machinery import SourcelessFileLoader

        names["__loader__"] = loader = SourcelessFileLoader("__main__", path)
        code = loader.get_code("__main__")
        assert code is not None
    else:
        with open(path, "rb") as file:
            content = file.read()
        code = compile(content, path, "exec", dont_inherit=True)
        _source.remember(path, content)
    _native.forget_frames(_depth())
    exec(code, names)


def _run_module(request: RunRequest, args: list[str]) -> None:
    import runpy

    sys.argv[:] = ["-m", *args]
    _set_first_path(os.getcwd())
    _native.forget_frames(_depth())
    # What the interpreter itself calls for `-m`: packages, `__spec__` and messages are its own.
    runpy._run_module_as_main(request.target)  # type: ignore[attr-defined]


def _run_folder(request: RunRequest, args: list[str]) -> None:
    import runpy

    sys.argv[:] = [request.target, *args]
    _set_first_path(os.path.abspath(request.target))
    _native.forget_frames(_depth())
    runpy._run_module_as_main("__main__", alter_argv=False)  # type: ignore[attr-defined]


def _depth() -> int:
    """The number of frames below the program that the caller is about to run."""
    frame = sys._getframe(1)
    n = 0
    while frame is not None:
        n += 1
        frame = frame.f_back  # type: ignore[assignment]
    return n


def _is_zip(path: str) -> bool:
    with open(path, "rb") as file:
        return file.read(4) == b"PK\x03\x04"


def _set_first_path(path: str) -> None:
    """Puts the program's folder where that of this command stands."""
    if not sys.flags.safe_path:
        sys.path[0] = path


def _exit_code_of(exception: SystemExit) -> int:
    try:
        code: Any = exception.code
    except Exception:
        code = exception
    if code is None:
        return OK
    if issubclass(type(code), int):
        return int(code)
    _flush_output()
    _print_for_program(code)
    return PROGRAM_FAILED


def _print_for_program(thing: object) -> None:
    """Prints to what the program has as its standard error; it may be closed or raise."""
    stream = members_of(sys).get("stderr")
    try:
        if stream is None:
            tell(str(thing))
        else:
            print(thing, file=stream)
    except BaseException as error:
        error.__traceback__ = _without_own_frames(error.__traceback__)
        error.__context__ = None
        _excepthook(type(error), error, error.__traceback__)


def _print_traceback(exception: BaseException) -> None:
    """Reports an uncaught exception as the interpreter does, without the frames of this file."""
    traceback = _without_own_frames(exception.__traceback__)
    exception.__traceback__ = traceback
    sys.last_type, sys.last_value, sys.last_traceback = type(exception), exception, traceback
    sys.last_exc = exception
    hook = members_of(sys).get("excepthook")
    if hook is None:
        _print_for_program("sys.excepthook is missing")
        hook = _excepthook
    try:
        hook(type(exception), exception, traceback)
    except BaseException as second:
        _print_for_program("Error in sys.excepthook:")
        second.__traceback__ = _without_own_frames(second.__traceback__)
        second.__context__ = None
        _excepthook(type(second), second, second.__traceback__)
        _print_for_program("\nOriginal exception was:")
        _excepthook(type(exception), exception, traceback)


_excepthook = sys.__excepthook__


def _without_own_frames(traceback: TracebackType | None) -> TracebackType | None:
    while traceback is not None and traceback.tb_frame.f_code.co_filename == __file__:
        traceback = traceback.tb_next
    return traceback


def _wait_for_threads(exception: BaseException | None, exit_code: int) -> _Ending:
    """Waits for the threads for which the interpreter would wait at its end; they are recorded."""
    # What the interpreter calls; again at its end, when nothing is left to wait for.
    shutdown = members_of(_modules.get("threading")).get("_shutdown")
    if shutdown is None:
        return exception, exit_code
    try:
        shutdown()
    except KeyboardInterrupt as interrupt:
        return interrupt, INTERRUPTED
    except BaseException as second:
        second.__traceback__ = _without_own_frames(second.__traceback__)
        _excepthook(type(second), second, second.__traceback__)
    return exception, exit_code


def _close(
    recorder: Recorder, request: RunRequest, exception: BaseException | None, exit_code: int
) -> int:
    """Completes the trace and says so; whatever fails here, the exit code is the program's."""
    problem: Exception | None = None
    try:
        summary = recorder._close(*recording._how_it_ended(exception))
    except Exception as error:
        problem = error
        summary = _found_in_file(recorder)
    if problem is not None and not request.is_json and not _exists(recorder.path):
        return _report(request, f"recording failed: {problem}", exit_code)
    tell(_closing_line(recorder, request, summary, exception, is_complete=problem is None))
    if problem is not None:
        return _report(request, str(problem), exit_code)
    try:
        # In a child process code may have run that matches; there the matches are not counted.
        if recorder.selection is not None and _found_in_children(recorder)[0] == 0:
            recorder.selection.check_all_matched()
    except PatternError as error:
        return _report(request, str(error), exit_code or error.exit_code)
    return exit_code


def _close_at_once(recorder: Recorder, request: RunRequest, status: int) -> None:
    """Completes the trace before `os._exit` ends the process. What is buffered stays unwritten."""
    _close(recorder, request, SystemExit(status), status)


def _close_child(exception: BaseException | None) -> None:
    recorder = recording._active
    if recorder is None:
        return
    try:
        recorder._close(*recording._how_it_ended(exception))
    except Exception as error:
        tell(f"spacetime: {error}")


def _found_in_file(recorder: Recorder) -> dict[str, Any]:
    """What can be read of a session that could not be completed; nothing, if nothing can."""
    if recorder.last_session_id is None:
        return {}
    try:
        row = _native.Trace(recorder.path).session(recorder.last_session_id)
    except Exception:
        return {}
    return {"calls": row["n_calls"], "states": row["n_states"]}


def _found_in_children(recorder: Recorder) -> tuple[int, int, int]:
    """The number of sessions of child processes, at any depth, and their calls and states."""
    of_tree = {recorder.last_session_id}
    n_calls = n_states = 0
    try:
        for row in _native.Trace(recorder.path).sessions():
            if row["origin_session"] in of_tree and row["origin_session"] is not None:
                of_tree.add(row["id"])
                n_calls += row["n_calls"]
                n_states += row["n_states"]
    except Exception:
        return 0, 0, 0
    return len(of_tree) - 1, n_calls, n_states


def _report(request: RunRequest, text: str, exit_code: int) -> int:
    """Tells the user in the form of the other commands; gives the exit code back."""
    line = _as_json(error=text, exit_code=exit_code) if request.is_json else f"spacetime: {text}"
    tell(line)
    return exit_code


def _closing_line(
    recorder: Recorder,
    request: RunRequest,
    summary: dict[str, Any],
    exception: BaseException | None,
    *,
    is_complete: bool,
) -> str:
    """What was recorded, where, and the command that opens it."""
    moved_to: str | None = summary.get("moved_to")
    path = shell_quoted(moved_to) if moved_to else as_typed(recorder.path)
    calls, states = summary.get("calls"), summary.get("states")
    n_children, calls_of_children, states_of_children = _found_in_children(recorder)
    kind, message = recording._how_it_ended(exception)
    is_cut = kind in ("interrupted", "exception")
    place = _place_of(recorder, summary) if is_cut else None
    command = f"spacetime show {path}" if place is None else f"spacetime show {path} {place}"
    if request.is_json:
        return _as_json(
            trace=recorder.path,
            calls=calls,
            states=states,
            child_sessions=n_children,
            child_calls=calls_of_children,
            child_states=states_of_children,
            end=kind,
            message=message,
            open=command,
        )
    if calls is None or states is None:
        return (
            f"spacetime: recording failed; how much of it is in {path} could not be read; "
            f"to look at it: {command}"
        )
    line = f"spacetime: recorded {counted(calls, 'call')}, {counted(states, 'state')} in {path}"
    if moved_to:
        line += ", where it was moved to"
    if n_children:
        line += (
            f", and {counted(calls_of_children, 'call')}, {counted(states_of_children, 'state')} "
            f"in {counted(n_children, 'session')} of child processes (spacetime ls {path})"
        )
    if not is_complete:
        line += " before recording failed"
    if summary.get("over_budget"):
        line += " (the budget was used up: the rest is at function level)"
    if kind == "interrupted":
        line += "; interrupted"
    elif kind == "exit" and message not in (None, "0"):
        line += f"; exit {_one_line(message)}"
    elif kind == "exception":
        line += f"; ended with {_one_line(message)}"
    there = "" if place is None else " there"
    return f"{line}; to look at it{there}: {command}"


def _exists(path: str) -> bool:
    try:
        _stat(path)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return True


def _as_json(**facts: str | int | None) -> str:
    members = [f"{_quoted(name)}: {_as_json_value(fact)}" for name, fact in facts.items()]
    return "{" + ", ".join(members) + "}"


def _as_json_value(fact: str | int | None) -> str:
    if fact is None:
        return "null"
    return _quoted(fact) if isinstance(fact, str) else str(fact)


def _one_line(message: str | None) -> str:
    return " ".join((message or "").split())


def _place_of(recorder: Recorder, summary: dict[str, Any]) -> str | None:
    """The last state of the innermost call through which the exception came that ended it all."""
    number, session = summary.get("last_raised_call"), recorder.last_session_id
    if number is None or session is None:
        return None
    try:
        with _open(recorder.path) as trace:
            call = trace.session(session).calls[number]
            while call.exception is not None and call.children:
                last = call.children[-1]
                inner = last.exception
                # Out of reach of the program between two calls, it gets a new identity.
                if inner is None or inner != call.exception:
                    break
                call = last
            return f"{call.id}:-1" if call.states else str(call.id)
    except Exception:
        return None


def _flush_output() -> None:
    members = members_of(sys)
    for stream in (members.get("stdout"), members.get("stderr")):
        # A stream of the program's own is flushed by the interpreter alone.
        if type(stream) is TextIOWrapper:
            try:  # noqa: SIM105 (nothing of the standard library runs here)
                stream.flush()
            except (OSError, ValueError):
                # A closed pipe: the interpreter says so itself at its end.
                pass
