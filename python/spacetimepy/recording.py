"""Recording: the recorder of this process, its sessions, and switching it off for a while.

There is at most one recorder in a process. [`init_monitoring`][spacetimepy.init_monitoring] makes
it (or [`record`][spacetimepy.record], or the command `spacetime run`), closing it completes the
trace file. A recorder records into one session at a time; where the program opens none, one is
opened with the recorder.

The work is done by `spacetimepy._native.Recorder`; this module is its manners. What ends a
recording needs nothing that the program could have changed (see `spacetimepy._isolation`).
"""

from __future__ import annotations

import atexit
import itertools
import os
import sys
from os import getpid as _getpid
from sys import _getframe

from spacetimepy import _child, _native, _source, decorators
from spacetimepy import adapters as _adapters
from spacetimepy._isolation import (
    absolute,
    describe_exception,
    exact,
    isolate,
    members_of,
    short,
    stem_of,
    storable,
    tell,
)
from spacetimepy.errors import RecordingError, SpacetimeError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from types import CodeType, TracebackType
    from typing import Any, Self

    from spacetimepy.adapters import Adapter
    from spacetimepy.patterns import Selection

__all__ = [
    "Limits",
    "Recorder",
    "RecordingSession",
    "disable_recording",
    "enable_recording",
    "end_session",
    "init_monitoring",
    "pause",
    "record",
    "recording_context",
    "session_context",
    "start_session",
]

isolate(globals())


class Limits:
    """How much is recorded: of a session, before it goes on at function granularity, and of values.

    What is cut says so, and how much there was.

    Args:
        max_bytes: Bytes of trace file; 2 GiB, if not given.
        max_states: States; ten million, if not given.
        max_text: Bytes of one text, bytes object or array; 1 MiB, if not given.
        max_items: Items of one container; 1,048,576, if not given. Of sets and dicts that have more
            none is kept.
        max_objects: Objects that are followed at a time, which takes about 1000 bytes of
            memory each; 200,000, if not given.

    >>> Limits(max_states=1000)
    Limits(max_states=1000)
    """

    __slots__ = ("max_bytes", "max_items", "max_objects", "max_states", "max_text")

    def __init__(
        self,
        *,
        max_bytes: int | None = None,
        max_states: int | None = None,
        max_text: int | None = None,
        max_items: int | None = None,
        max_objects: int | None = None,
    ) -> None:
        self.max_bytes = max_bytes
        self.max_states = max_states
        self.max_text = max_text
        self.max_items = max_items
        self.max_objects = max_objects
        for name, value in self._given().items():
            if type(value) is not int or value <= 0:
                raise UsageError(f"limits: {name} is an int above 0, found {value!r}")
            if value >= 1 << 63:
                raise UsageError(f"limits: {name} is below 2**63, found {value!r}")

    def _given(self) -> dict[str, int]:
        values = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in values.items() if value is not None}

    def __repr__(self) -> str:
        given = [f"{name}={value}" for name, value in self._given().items()]
        return f"Limits({', '.join(given)})"


class RecordingSession:
    """A session that is being recorded, or was by this process.

    >>> import spacetimepy, tempfile
    >>> with spacetimepy.record(tempfile.mkdtemp() + "/run.spacetime", name="try") as session:
    ...     pass
    >>> session
    <RecordingSession 1 'try'>
    """

    __slots__ = ("_id", "_native", "is_implicit", "name", "path")

    def __init__(
        self,
        native: _native.Recorder,
        id: int | None,
        name: str | None,
        path: str,
        *,
        is_implicit: bool,
    ) -> None:
        self._native = native
        self._id = id
        self.name = name
        self.path = path
        self.is_implicit = is_implicit

    @property
    def id(self) -> int:
        """Its name in the trace. That of a child process has none before it is asked for, or
        something is recorded in it.
        """
        if self._id is None:
            self._id = self._native.session_id()
        return self._id

    def __repr__(self) -> str:
        return f"<RecordingSession {self.id} {self.name!r}>"


class Recorder:
    """The recorder of this process; made by `init_monitoring`. A context manager that closes it.

    >>> import spacetimepy, tempfile
    >>> recorder = spacetimepy.init_monitoring(tempfile.mkdtemp() + "/run.spacetime")
    >>> recorder.close()["calls"]
    0
    """

    def __init__(
        self,
        native: _native.Recorder,
        selection: Selection | None,
        *,
        is_in_memory: bool = False,
        origin: tuple[int, int | None] | None = None,
    ) -> None:
        self._native = native
        self._is_in_memory = is_in_memory
        self._session: RecordingSession | None = None
        self._pid = _getpid()
        # Session and call that this process was started from, until its first session is begun.
        self._origin = origin
        self._summary: dict[str, Any] | None = None
        self.selection = selection
        # Not the program made it, but a command, the test plugin or a parent process: what the
        # program closes is only flushed.
        self.is_given = False
        # What `os._exit` does first, given the status; closing the recorder if it is not set.
        self._on_exit: Callable[[int], None] | None = None
        self.last_session_id: int | None = None
        # What an implicit session is called.
        self.program_name = ""

    @property
    def path(self) -> str:
        """The trace file; for a trace in memory, what `spacetimepy.open` takes in its place.

        If it was moved while it was recorded, this is where it is once the recorder is closed.

        >>> import spacetimepy, tempfile
        >>> with spacetimepy.init_monitoring(tempfile.mkdtemp() + "/run.spacetime") as recorder:
        ...     print(recorder.path.endswith("run.spacetime"))
        True
        """
        path = self._native.path
        if self._is_in_memory:
            return f"<memory:{path}>"
        moved_to: str | None = (self._summary or {}).get("moved_to")
        return moved_to or path

    @property
    def tier(self) -> str:
        """How values are read: `fast` or `portable`.

        >>> import spacetimepy, tempfile
        >>> with spacetimepy.init_monitoring(tempfile.mkdtemp() + "/run.spacetime") as recorder:
        ...     print(recorder.tier in ("fast", "portable"))
        True
        """
        return self._native.tier

    @property
    def session(self) -> RecordingSession | None:
        """The session that is open.

        >>> import spacetimepy, tempfile
        >>> with spacetimepy.init_monitoring(tempfile.mkdtemp() + "/run.spacetime") as recorder:
        ...     recorder.session.id
        1
        """
        return self._session

    @property
    def is_closed(self) -> bool:
        """Whether the trace is complete.

        >>> import spacetimepy, tempfile
        >>> recorder = spacetimepy.init_monitoring(tempfile.mkdtemp() + "/run.spacetime")
        >>> _ = recorder.close()
        >>> recorder.is_closed
        True
        """
        return self._summary is not None

    def flush(self) -> None:
        """Returns when everything recorded so far can be read by others.

        >>> import spacetimepy, tempfile
        >>> with spacetimepy.init_monitoring(tempfile.mkdtemp() + "/run.spacetime") as recorder:
        ...     recorder.flush()
        ...     print(len(spacetimepy.open(recorder.path).calls()))
        0
        """
        if self._summary is None:
            self._native.flush()

    def close(self) -> dict[str, Any]:
        """Ends the session, completes the trace and stops recording; again: does nothing.

        Returns:
            What was recorded: `states`, `calls`, `bytes` and more.

        Raises:
            RecordingError: Something could not be written; what was written before is readable.

        >>> import spacetimepy, tempfile
        >>> recorder = spacetimepy.init_monitoring(tempfile.mkdtemp() + "/run.spacetime")
        >>> sorted(recorder.close())[:3]
        ['bytes', 'calls', 'error']
        """
        if self.is_given:
            self.flush()
            return {}
        return self._close("completed", None)

    def _close(self, exit_kind: _native._ExitKind, message: str | None) -> dict[str, Any]:
        global _active
        if self._summary is not None:
            return self._summary
        decorators.attach(None)
        _adapters.attach(None)
        failure: SpacetimeError | None = None
        if self._session is not None:
            try:
                self._end_session(exit_kind, message)
            except SpacetimeError as found:
                failure = found
        summary = self._summary = self._native.close()
        if _active is self:
            _active = None
        if summary.get("error"):
            error = summary["error"]
            raise RecordingError(error if self.path in error else f"{self.path}: {error}")
        if failure is not None:
            raise failure
        return summary

    def _begin_session(
        self,
        name: str | None = None,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        *,
        is_implicit: bool = False,
    ) -> RecordingSession:
        if self._session is not None and not self._session.is_implicit:
            raise RecordingError(
                f"session {self._session.id} is still open: call spacetimepy.end_session()"
            )
        _check_text(name, option="name")
        _check_text(description, option="description")
        argv = [storable(word) for word in _ARGV]
        metadata_json = _as_json(metadata)
        if self._session is not None:
            # The implicit session becomes this one, unless something was recorded in it.
            implicit = self._session
            if self._native.describe_empty_session(name, description, metadata_json):
                implicit.name, implicit.is_implicit = name, False
                return implicit
            self._end_session("completed", None)
        id = self._native.begin_session(
            name, description, metadata_json, argv, _IMPLEMENTATION, _commit_here(), self._origin
        )
        self._origin = None
        self.last_session_id = id
        native, path = self._native, self.path
        self._session = RecordingSession(native, id, name, path, is_implicit=is_implicit)
        return self._session

    def _end_session(self, exit_kind: _native._ExitKind, message: str | None) -> None:
        self._session = None
        self._native.end_session(exit_kind, message)

    def _discard_session(self) -> None:
        self._session = None
        self._native.discard_session()

    def _begin_implicit_session(self) -> None:
        if self._session is None and self._summary is None:
            self._begin_session(self.program_name, is_implicit=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.is_given:
            self.flush()
        else:
            self._close(*_how_it_ended(exception))

    def __repr__(self) -> str:
        return f"<Recorder {self.path!r}{' closed' if self.is_closed else ''}>"


# The command line of the process, as it began.
_ARGV = list(sys.orig_argv)
_IMPLEMENTATION = sys.implementation.name
_active: Recorder | None = None
_is_enabled = True
_memory_numbers = itertools.count(1)


def init_monitoring(
    db_path: str | os.PathLike[str] | None = None,
    *,
    in_memory: bool = False,
    overwrite: bool = False,
    limits: Limits | Mapping[str, int] | None = None,
    ignore_types: Iterable[type] = (),
    adapters: Iterable[Adapter | type] = (),
) -> Recorder:
    """Begins to record the functions marked by `@function` and `@line`, now or later.

    Args:
        db_path: The trace file; an existing trace gets one more session. If not given,
            `<script>.spacetime` in the working directory.
        in_memory: Keep the trace in memory; `Recorder.path` opens it in this process.
        overwrite: Begin an existing trace afresh.
        limits: How much a session may record.
        ignore_types: Objects of these types are recorded by their type alone; in processes that
            this one starts, those of the types that are called so there.
        adapters: What `spacetimepy.adapter` gave, or classes that have the methods it takes: how
            objects of types are recorded whose state is in C or elsewhere. Those that were
            registered by `spacetimepy.adapter` count without being named.

    Returns:
        The recorder, which is closed at the end of the program at the latest.

    Raises:
        TraceError: The file cannot be written or is not a trace.
        RecordingError: This process is being recorded already, or cannot be.

    >>> import spacetimepy, tempfile
    >>> recorder = spacetimepy.init_monitoring(tempfile.mkdtemp() + "/run.spacetime")
    >>> recorder.close()["states"]
    0
    """
    if _active is not None and _active.is_given:
        # The command decided where to; what is decorated is recorded there.
        _adapters.register_all(adapters)
        return _active
    recorder = _start(
        db_path,
        selection=None,
        in_memory=in_memory,
        overwrite=overwrite,
        limits=limits,
        ignore_types=ignore_types,
        adapters=adapters,
    )
    recorder._begin_implicit_session()
    return recorder


def _start(
    db_path: str | os.PathLike[str] | None,
    *,
    selection: Selection | None,
    in_memory: bool = False,
    overwrite: bool = False,
    limits: Limits | Mapping[str, int] | None = None,
    ignore_types: Iterable[type] = (),
    ignore_type_names: Sequence[str] = (),
    adapters: Iterable[Adapter | type] = (),
    program_name: str | None = None,
    follows_forks: bool = True,
    follows_programs: bool = True,
    origin: tuple[int, int | None] | None = None,
) -> Recorder:
    """Makes the recorder of this process.

    Args:
        selection: What is recorded besides what is decorated.
        ignore_type_names: The same as `ignore_types`, by full names.
        program_name: What implicit sessions are called; if not given, as the main program.
        follows_forks: Record processes that this one forks, in the same trace.
        follows_programs: Record Python programs that this process starts, in the same trace.
        origin: The session, and the call in it, that this process was started from.
    """
    global _active
    if _active is not None and _active._origin is not None:
        # This process was to be recorded for its parent, but is recorded for itself.
        _active._close("completed", None)
    if _active is not None:
        raise RecordingError(
            f"this process is already recorded into {_active.path}: close that recorder first"
        )
    bounds = _as_limits(limits)
    ignored = _as_types(ignore_types)
    _adapters.register_all(adapters)
    path = _as_path(db_path)
    if in_memory:
        # A name that no other trace in this process's memory has.
        path = f"{path}#{next(_memory_numbers)}"
    name = program_name or _program_name()
    note = None
    if follows_programs and not in_memory:
        names = [*ignore_type_names, *map(_native.full_name_of_type, ignored)]
        note = _child.note(path, name, selection, bounds, names)
    native = _native.Recorder(
        path,
        in_memory=bool(in_memory),
        overwrite=bool(overwrite),
        limits=bounds._given(),
        ignore_types=ignored,
        ignore_type_names=ignore_type_names,
        on_code=_source.describe,
        on_exit=_exit_at_once,
        on_end=_note_end,
        follows_forks=follows_forks and not in_memory,
        note_for_children=note,
        is_child=origin is not None,
    )
    _active = recorder = Recorder(native, selection, is_in_memory=bool(in_memory), origin=origin)
    recorder.program_name = name
    _watch_forks()
    if selection is not None:
        native.set_selector(selection)
    if not _is_enabled:
        native.pause()
    decorators.attach(native)
    _adapters.attach(native)
    return recorder


def _close_at_exit() -> None:
    if _active is None:
        return
    try:
        _active._close(*_end)
    except SpacetimeError as error:
        tell(f"spacetime: {error}")


atexit.register(_close_at_exit)


# How the program ended, as far as is known.
_end: tuple[_native._ExitKind, str | None] = ("completed", None)


def _note_end(exception: BaseException, code: CodeType) -> None:
    """What an exception does first that is about to end the program, by leaving this code."""
    global _end
    end = _how_it_ended(exception)
    # At a prompt each statement is a program of its own, after which the interpreter goes on.
    if end[0] == "exit" or not _is_of_prompt(exact(code.co_filename)):
        _end = end


def _is_of_prompt(file: str) -> bool:
    """Whether code of this file was typed at a prompt."""
    if file == "<stdin>":
        # CPython 3.12 calls so both what is typed and a program that is read whole.
        return "ps1" in members_of(sys)
    return file.startswith(("<stdin>-", "<python-input-"))


def _exit_at_once(status: int) -> None:
    """What `os._exit` does first."""
    recorder = _active
    if recorder is None:
        return
    if recorder._on_exit is not None:
        recorder._on_exit(status)
        return
    try:
        recorder._close("exit", repr(status))
    except SpacetimeError as error:
        tell(f"spacetime: {error}")


def _watch_forks() -> None:
    global _forks_are_watched
    if not _forks_are_watched:
        _forks_are_watched = True
        _register_at_fork(before=_native.before_fork, after_in_child=_go_on_in_child)


_forks_are_watched = False
_register_at_fork = os.register_at_fork


def _go_on_in_child() -> None:
    """In a forked child: a session of its own follows, or nothing is recorded."""
    global _active
    recorder = _active
    if recorder is None:
        return
    is_followed = _native.after_fork_in_child()
    recorder._on_exit = None
    recorder.last_session_id = None
    if is_followed and recorder._session is not None:
        recorder._pid = _getpid()
        recorder._session._id = None
        return
    # The trace is the parent's.
    recorder._session = None
    recorder._summary = {}
    decorators.attach(None)
    _adapters.attach(None)
    _active = None


class record:  # noqa: N801 (used like a function)
    """Records what runs inside a `with` block.

    Args:
        path: The trace file, as `init_monitoring` takes it.
        name: The name of the session.
        function: Patterns of code to record at function granularity.
        line: Patterns of code to record at line granularity.
        track: Not supported by this version.
        options: The other options of `init_monitoring`, and `description` and `metadata` of
            `start_session`.

    Without patterns the user's own files are recorded at function granularity. Decorated
    functions are recorded as they are decorated. The forms of patterns are listed in
    `spacetimepy.patterns`.

    Raises:
        PatternError: A pattern cannot be read or, at the end, matched nothing that ran.

    >>> import spacetimepy, tempfile, textwrap
    >>> path = tempfile.mkdtemp() + "/wrap.spacetime"
    >>> with spacetimepy.record(path, function="textwrap.fill"):
    ...     _ = textwrap.fill("many words", width=5)
    >>> spacetimepy.open(path).call(1).value
    'many\\nwords'
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        name: str | None = None,
        function: str | Iterable[str] = (),
        line: str | Iterable[str] = (),
        track: Iterable[Any] = (),
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        from spacetimepy.patterns import Selection

        decorators._refuse(track=track)
        known = ("in_memory", "overwrite", "limits", "ignore_types", "adapters")
        for option in options:
            if option not in known:
                raise UsageError(f"record() has no option {option!r}; it has {', '.join(known)}")
        own_files = not function and not line
        self._selection = Selection(function=function, line=line, own_files=own_files)
        self._path = path
        self._options = options
        self._session = (name, description, metadata)
        self._recorder: Recorder | None = None

    def __enter__(self) -> RecordingSession:
        if _active is not None and _active.is_given:
            recorder = _active
        else:
            recorder = _start(self._path, selection=self._selection, **self._options)
        self._recorder = recorder
        self._selection.note_running(_getframe(1))
        try:
            return recorder._begin_session(*self._session)
        except BaseException:
            if not recorder.is_given:
                recorder._close("completed", None)
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        recorder = self._recorder
        if recorder is None or recorder.is_closed:
            return
        if recorder.is_given:
            recorder._end_session(*_how_it_ended(exception))
            return
        recorder._close(*_how_it_ended(exception))
        if exception is None:
            self._selection.check_all_matched()


def start_session(
    name: str | None = None,
    description: str | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> RecordingSession:
    """Opens a session: what is recorded from here on belongs to it.

    Args:
        name: A name for people.
        description: A sentence for people.
        metadata: Anything that JSON can hold.

    Raises:
        RecordingError: Nothing is being recorded, or a session is open.

    >>> import spacetimepy, tempfile
    >>> recorder = spacetimepy.init_monitoring(tempfile.mkdtemp() + "/run.spacetime")
    >>> session = spacetimepy.start_session("first try", metadata={"speed": 3})
    >>> spacetimepy.end_session()
    >>> _ = recorder.close()
    >>> spacetimepy.open(recorder.path).session(session.id).name
    'first try'
    """
    return _recorder_or_error()._begin_session(name, description, metadata)


def end_session() -> None:
    """Closes the session that is open.

    Raises:
        RecordingError: Nothing is being recorded, or no session is open.

    >>> import spacetimepy, tempfile
    >>> with spacetimepy.init_monitoring(tempfile.mkdtemp() + "/run.spacetime") as recorder:
    ...     _ = spacetimepy.start_session()
    ...     spacetimepy.end_session()
    ...     print(recorder.session)
    None
    """
    recorder = _recorder_or_error()
    if recorder.session is None:
        raise RecordingError("no session is open: call spacetimepy.start_session() first")
    recorder._end_session("completed", None)


class session_context:  # noqa: N801 (used like a function)
    """A session as a `with` block.

    Args:
        name: A name for people.
        description: A sentence for people.
        metadata: Anything that JSON can hold.

    >>> import spacetimepy, tempfile
    >>> with spacetimepy.init_monitoring(tempfile.mkdtemp() + "/run.spacetime"):
    ...     with spacetimepy.session_context(name="first try") as session:
    ...         print(session.name)
    first try
    """

    def __init__(
        self,
        name: str | None = None,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        self._arguments = (name, description, metadata)
        self._session: RecordingSession | None = None

    def __enter__(self) -> RecordingSession:
        self._session = start_session(*self._arguments)
        return self._session

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # The program may have ended the session, or closed the recorder, inside.
        if _active is not None and _active.session is self._session is not None:
            _active._end_session(*_how_it_ended(exception))


class recording_context:  # noqa: N801 (used like a function)
    """Switches recording off (or on) for a `with` block, then back to what it was.

    Args:
        enabled: Whether what runs in the block is recorded.

    >>> import spacetimepy, tempfile
    >>> @spacetimepy.function
    ... def step(n):
    ...     return n + 1
    >>> path = tempfile.mkdtemp() + "/run.spacetime"
    >>> with spacetimepy.init_monitoring(path):
    ...     with spacetimepy.recording_context(enabled=False):
    ...         _ = step(1)
    ...     _ = step(2)
    >>> [call.arguments["n"] for call in spacetimepy.open(path).calls("step")]
    [2]
    """

    def __init__(self, enabled: bool = False) -> None:
        self._is_enabled = enabled
        self._was_enabled: list[bool] = []

    def __enter__(self) -> None:
        self._was_enabled.append(_is_enabled)
        _set_enabled(self._is_enabled)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _set_enabled(self._was_enabled.pop())


def pause() -> recording_context:
    """Switches recording off for a `with` block.

    >>> import spacetimepy, tempfile
    >>> path = tempfile.mkdtemp() + "/run.spacetime"
    >>> with spacetimepy.record(path, function="textwrap"):
    ...     import textwrap
    ...     _ = textwrap.dedent(" recorded")
    ...     with spacetimepy.pause():
    ...         _ = textwrap.dedent(" not recorded")
    >>> len(spacetimepy.open(path).calls("dedent"))
    1
    """
    return recording_context(enabled=False)


def disable_recording() -> None:
    """Switches recording off until `enable_recording`.

    >>> import spacetimepy
    >>> spacetimepy.disable_recording()
    >>> spacetimepy.enable_recording()
    """
    _set_enabled(False)


def enable_recording() -> None:
    """Switches recording on again after `disable_recording`.

    >>> import spacetimepy
    >>> spacetimepy.enable_recording()
    """
    _set_enabled(True)


def _set_enabled(enabled: bool) -> None:
    global _is_enabled
    if enabled != _is_enabled:
        _is_enabled = enabled
        if _active is not None:
            if enabled:
                _active._native.resume()
            else:
                _active._native.pause()


def _recorder_or_error() -> Recorder:
    if _active is None:
        raise RecordingError("nothing is being recorded: call spacetimepy.init_monitoring() first")
    return _active


def _commit_here() -> str | None:
    try:
        return _source.commit_of_folder(absolute("."))
    except OSError:
        return None


def _how_it_ended(exception: BaseException | None) -> tuple[_native._ExitKind, str | None]:
    """How a session ended; never raises, and asks nothing of the program's exception."""
    if exception is None:
        return "completed", None
    kind = type(exception)
    if issubclass(kind, SystemExit):
        return "exit", short(_exit_code_of(exception))
    if issubclass(kind, KeyboardInterrupt):
        return "interrupted", None
    return "exception", describe_exception(exception)


# Read where it is kept: a class may have a property of that name.
_exit_code_of = SystemExit.__dict__["code"].__get__


def _check_text(text: object, *, option: str) -> None:
    if text is None:
        return
    if not isinstance(text, str):
        raise UsageError(f"{option}: expected a str, found {text!r}")
    if storable(text) != text:
        raise UsageError(f"{option}: {text!r} cannot be written as UTF-8")


def _as_path(path: str | os.PathLike[str] | None) -> str:
    if path is None:
        return absolute(f"{_program_name()}.spacetime")
    try:
        text = os.fspath(path)
    except TypeError:
        text = ""
    if not isinstance(text, str) or not text:
        raise UsageError(f"the path of a trace is a str or a path object, found {path!r}")
    if storable(text) != text:
        raise UsageError(f"the path of a trace is one that UTF-8 can write, found {path!r}")
    return absolute(text)


def _program_name() -> str:
    file = exact(members_of(sys.modules.get("__main__")).get("__file__"))
    return stem_of(file) if file else "python"


def _as_limits(limits: Limits | Mapping[str, int] | None) -> Limits:
    if limits is None:
        return Limits()
    if isinstance(limits, Limits):
        return limits
    try:
        return Limits(**limits)
    except TypeError:
        names = ", ".join(Limits.__slots__)
        raise UsageError(
            f"limits: expected Limits or a dict with some of {names}, found {limits!r}"
        ) from None


def _as_types(types: Iterable[type]) -> tuple[type, ...]:
    try:
        found = tuple(types)
    except TypeError:
        found = (types,)  # type: ignore[assignment]
    for entry in found:
        if not isinstance(entry, type):
            raise UsageError(f"ignore_types: expected types, found {entry!r}")
    return found


def _as_json(metadata: Mapping[str, Any] | None) -> str | None:
    if metadata is None:
        return None
    import json

    try:
        return json.dumps(dict(metadata))
    except (TypeError, ValueError) as error:
        raise UsageError(f"metadata: expected a dict that JSON can hold: {error}") from None
