"""Reading traces: sessions, calls, states.

[`open`][spacetimepy.open] gives a [`Trace`][spacetimepy.Trace]; from there everything is reached by
attributes. All objects are small views that ask the file when asked, so that a trace of many
millions of states opens at once; sequences know their length without reading what they hold.
Nothing recorded is executed.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from operator import index as _index

from spacetimepy import _native
from spacetimepy._isolation import isolate
from spacetimepy.errors import NotFoundError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from types import TracebackType
    from typing import Any, Literal, NoReturn, Self, overload

    from spacetimepy.values import Value

    Outcome = Literal["RETURNED", "RAISED", "OPEN", "DROPPED"]

__all__ = ["Branch", "Call", "CodeVersion", "Session", "State", "Trace", "open", "view"]

isolate(globals())

_fspath = os.fspath

# How many calls are read from the trace at once.
_PAGE = 512


def open(path: str | os.PathLike[str], mode: str = "r", *, trust: bool = False) -> Trace:
    """Opens a trace for reading; also one that is being recorded.

    Args:
        path: The file; or the `path` of a recorder that records in memory.
        mode: `"r"`, the only one.
        trust: Values of it may be restored, which imports modules that the trace names and may run
            their code. Everything else executes nothing, whatever the file holds.

    Raises:
        TraceError: There is no trace at the path, or it cannot be read.

    >>> import spacetimepy, tempfile
    >>> path = tempfile.mkdtemp() + "/run.spacetime"
    >>> with spacetimepy.record(path, name="first"):
    ...     pass
    >>> with spacetimepy.open(path) as trace:
    ...     print([session.name for session in trace.sessions])
    ['first']
    """
    if mode != "r":
        raise UsageError(f"mode: traces are opened by 'r' alone, found {mode!r}")
    try:
        text: object = _fspath(path)
    except TypeError:
        text = None
    if not isinstance(text, str):
        raise UsageError(f"the path of a trace is a str or a path object, found {path!r}")
    try:
        native = _native.Trace(text, trust=bool(trust))
    except UnicodeEncodeError:
        raise UsageError(f"no file can have the path {path!r}") from None
    return Trace(native, text)


def view(state: State | tuple[int, int] | int, trace: Trace | None = None) -> dict[str, Any]:
    """What a state holds: the model's `view(s)`.

    Args:
        state: The state; or, with a trace, its id or `(call, index)`.
        trace: Where to look for an id.

    Returns:
        `variables` (`locals` and `globals`), `events`, `code` and `line`.

    >>> import spacetimepy, tempfile
    >>> @spacetimepy.function
    ... def double(x):
    ...     return 2 * x
    >>> path = tempfile.mkdtemp() + "/run.spacetime"
    >>> with spacetimepy.init_monitoring(path):
    ...     _ = double(4)
    >>> spacetimepy.view(spacetimepy.open(path).call(1).states[0])["variables"]["locals"]
    {'x': 4}
    """
    if not isinstance(state, State):
        if trace is None:
            raise UsageError("view() of an id needs the trace as well")
        state = trace.state(state)
    return {
        "variables": {"locals": state.locals, "globals": state.globals},
        "events": state.events,
        "code": state.code,
        "line": state.line,
    }


class _Lazy[T](Sequence[T]):
    """A sequence that reads its items when they are asked for."""

    __slots__ = ()

    if TYPE_CHECKING:

        @overload
        def __getitem__(self, index: int) -> T: ...
        @overload
        def __getitem__(self, index: slice) -> Sequence[T]: ...

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return _Slice(self, range(len(self))[index])
        n = len(self)
        try:
            # `True` is 1, as for a list.
            position = int(_index(index))
        except TypeError:
            raise TypeError(f"an index is an int or a slice, found {index!r}") from None
        if position < 0:
            position += n
        if not 0 <= position < n:
            raise IndexError(f"index {index} is out of range: there are {n}")
        return self._at(position)

    def _at(self, position: int) -> T:
        raise NotImplementedError

    def __repr__(self) -> str:
        n = len(self)
        shown = ", ".join(repr(self[i]) for i in range(min(n, 3)))
        return f"[{shown}{f', … {n - 3} more' if n > 3 else ''}]"


class _Slice[T](_Lazy[T]):
    """A part of another lazy sequence."""

    __slots__ = ("_of", "_positions")

    def __init__(self, of: _Lazy[T], positions: range) -> None:
        self._of = of
        self._positions = positions

    def __len__(self) -> int:
        return len(self._positions)

    def _at(self, position: int) -> T:
        return self._of[self._positions[position]]


class _Calls(_Lazy["Call"]):
    """The calls that a filter lets through, in the order of their starts."""

    __slots__ = ("_name", "_page", "_page_start", "_parent", "_roots", "_session", "_trace")

    def __init__(
        self,
        trace: Trace,
        *,
        session: int | None = None,
        name: str | None = None,
        parent: int | None = None,
        roots: bool = False,
    ) -> None:
        self._trace = trace
        self._session = session
        self._name = name
        self._parent = parent
        self._roots = roots
        self._page: list[Call] = []
        self._page_start = 0

    def __len__(self) -> int:
        return self._trace._native.n_calls(
            self._session, self._name, self._parent, roots=self._roots
        )

    def __iter__(self) -> Iterator[Call]:
        position = 0
        while page := self._read(position):
            yield from page
            position += len(page)

    def __bool__(self) -> bool:
        return bool(self._read(0, 1))

    def _at(self, position: int) -> Call:
        start = self._page_start
        if not start <= position < start + len(self._page):
            start = self._page_start = position - position % _PAGE
            self._page = self._read(start)
        return self._page[position - start]

    def _read(self, start: int, limit: int = _PAGE) -> list[Call]:
        rows = self._trace._native.calls(
            self._session, self._name, self._parent, start, limit, roots=self._roots
        )
        return [Call(self._trace, row) for row in rows]


class _Listed[T](_Lazy[T]):
    """Items that are known already."""

    __slots__ = ("_listed",)

    def __init__(self, listed: list[T]) -> None:
        self._listed = listed

    def __len__(self) -> int:
        return len(self._listed)

    def _at(self, position: int) -> T:
        return self._listed[position]


class _States(_Lazy["State"]):
    """The states of a call."""

    __slots__ = ("_call",)

    def __init__(self, call: Call) -> None:
        self._call = call

    def __len__(self) -> int:
        return self._call._n_states

    def _at(self, position: int) -> State:
        return State(self._call._trace, self._call.id, position)


class Trace:
    """A trace open for reading. A context manager; closing it forgets the file.

    >>> import spacetimepy, tempfile, textwrap
    >>> path = tempfile.mkdtemp() + "/run.spacetime"
    >>> with spacetimepy.record(path, function="textwrap"):
    ...     _ = textwrap.fill("a b", width=2)
    >>> trace = spacetimepy.open(path)
    >>> trace.calls("fill")[0].value, trace.call(1).name
    ('a\\nb', 'fill')
    """

    def __init__(self, native: _native.Trace, path: str) -> None:
        self._open_native: _native.Trace | None = native
        self._codes: dict[int, CodeVersion] = {}
        self.path = path

    @property
    def _native(self) -> _native.Trace:
        if self._open_native is None:
            raise UsageError(f"the trace {self.path} is closed: open it again")
        return self._open_native

    @property
    def sessions(self) -> Sequence[Session]:
        """All sessions, oldest first."""
        return _Listed([Session(self, row) for row in self._native.sessions()])

    def session(self, id: int) -> Session:
        """One session, by its id.

        Raises:
            NotFoundError: There is none of that id.
        """
        return Session(self, self._native.session(_as_id(id, "session")))

    def calls(
        self,
        name: str | None = None,
        *,
        session: Session | int | None = None,
        where: Callable[[Call], bool] | None = None,
    ) -> Sequence[Call]:
        """The calls, in the order of their starts.

        Args:
            name: Only calls of functions so called: the name, the qualified name or its end.
            session: Only calls of this session.
            where: Only calls for which this is true; reads all of them.
        """
        if name is not None:
            _check_text(name, "name", "the name of a function")
        if where is not None and not callable(where):
            raise UsageError(f"where: expected a function of a call, found {where!r}")
        calls = _Calls(self, session=_as_session_id(session), name=name)
        return calls if where is None else _Listed([call for call in calls if where(call)])

    def call(self, id: int) -> Call:
        """One call, by its id.

        Raises:
            NotFoundError: There is none of that id.
        """
        return Call(self, self._native.call(_as_id(id, "call")))

    def state(self, id: int | str | tuple[int, int]) -> State:
        """One state.

        Args:
            id: Its id; or `"CALL:INDEX"`, or `(call, index)`.

        Raises:
            NotFoundError: There is none of that id.
        """
        if isinstance(id, str):
            call, colon, index = id.partition(":")
            try:
                id = (int(call), int(index)) if colon else int(call)
            except ValueError:
                raise UsageError(f"a state is 'CALL:INDEX' or a number, found {id!r}") from None
        if isinstance(id, tuple):
            if len(id) != 2:
                raise UsageError(f"a state is (call, index), found {id!r}")
            try:
                return self.call(id[0]).states[id[1]]
            except IndexError as error:
                raise NotFoundError(f"call {id[0]}: {error}") from None
        found = self._native.state(_as_id(id, "state"))
        return State(self, found.call, found.index, found)

    def codes(self, session: Session | int | None = None) -> Sequence[CodeVersion]:
        """The code versions that ran."""
        return _Listed([self._code(id) for id in self._native.codes(_as_session_id(session))])

    def get_session(self) -> Sequence[Session]:
        """All sessions, oldest first; the paper's name for `sessions`."""
        return self.sessions

    def get_call(self, name: str, session: Session | int | None = None) -> Sequence[Call]:
        """The calls of a function; the paper's name for `calls`."""
        return self.calls(name, session=session)

    def get_calling_context(
        self, call: Call | int
    ) -> tuple[dict[str, Any], dict[str, Any], CodeVersion]:
        """Arguments, globals and code of a call, at its start."""
        found = call if isinstance(call, Call) else self.call(call)
        return found.arguments, found.globals, found.code

    def get_trace(self, call: Call | int) -> Sequence[State]:
        """The states of a call; the paper's name for `Call.states`."""
        return (call if isinstance(call, Call) else self.call(call)).states

    def sql(self, query: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a read-only query over the trace's tables.

        Raises:
            TraceError: The query cannot be run.
            UsageError: The query is no text, or a parameter is nothing that SQL knows.
        """
        _check_text(query, "query", "SQL as text")
        try:
            parameters = list(params)
        except TypeError:
            raise UsageError(f"params: expected a sequence of values, found {params!r}") from None
        return self._native.sql(query, parameters)[1]

    def summary(self) -> dict[str, Any]:
        """What the trace is made of: calls, states, bytes, and how much of it is viewable.

        Reads all of it. `n_viewable` of `n_variables` in its states can be viewed; `is_sample` says
        whether those are only some, drawn at random where looking at all would take too long.
        """
        return self._native.stats(None)

    def close(self) -> None:
        """Forgets the file; what was read already stays."""
        self._open_native = None

    def _code(self, id: int) -> CodeVersion:
        if id not in self._codes:
            self._codes[id] = CodeVersion(self._native.code(id))
        return self._codes[id]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        if self._open_native is None:
            return f"<Trace {self.path!r} closed>"
        return f"<Trace {self.path!r} with {len(self.sessions)} sessions>"

    def _repr_html_(self) -> str:
        rows = [(s.id, s.name, len(s.calls), s.n_states, s.ending) for s in self.sessions]
        return _html_table(("session", "name", "calls", "states", "end"), rows)


class Session:
    """One recording run of a program.

    >>> import spacetimepy, tempfile
    >>> path = tempfile.mkdtemp() + "/run.spacetime"
    >>> with spacetimepy.record(path, name="first", metadata={"speed": 3}):
    ...     pass
    >>> session = spacetimepy.open(path).sessions[0]
    >>> session.name, session.metadata, len(session.calls), session.ending
    ('first', {'speed': 3}, 0, 'completed')
    """

    __slots__ = ("_row", "_trace")

    def __init__(self, trace: Trace, row: _native._SessionRow) -> None:
        self._trace = trace
        self._row = row

    @property
    def id(self) -> int:
        """Counts through the trace from 1."""
        return self._row["id"]

    @property
    def name(self) -> str:
        """As given, or made from the program's name."""
        return self._row["name"]

    @property
    def description(self) -> str | None:
        """As given."""
        return self._row["description"]

    @property
    def metadata(self) -> dict[str, Any]:
        """As given."""
        import json

        text = self._row["metadata_json"]
        return json.loads(text) if text else {}

    @property
    def branches(self) -> Sequence[Branch]:
        """The lines of execution: the session as it ran is the first."""
        return _Listed([Branch(self)])

    @property
    def calls(self) -> Sequence[Call]:
        """Its calls, in the order of their starts."""
        return _Calls(self._trace, session=self.id)

    @property
    def roots(self) -> Sequence[Call]:
        """Its calls without a recorded caller."""
        return _Calls(self._trace, session=self.id, roots=True)

    @property
    def n_states(self) -> int:
        """The number of its states so far."""
        return self._row["n_states"]

    @property
    def started(self) -> datetime:
        """When it began, in UTC."""
        return _time(self._row["started_unix_ns"])

    @property
    def ended(self) -> datetime | None:
        """When it ended, in UTC; None while it runs, or if it was cut off."""
        ns = self._row["ended_unix_ns"]
        return None if ns is None else _time(ns)

    @property
    def ending(self) -> str | None:
        """`completed`, `exit`, `exception`, `interrupted`, `signal` or `replaced` (the process went
        on as another program); None as for `ended`.
        """
        return self._row["exit_kind"]

    @property
    def message(self) -> str | None:
        """The exception, the exit code, the signal or the program that ended it."""
        return self._row["exit_message"]

    @property
    def parent(self) -> Call | None:
        """The call in which another recorded process forked or started this one."""
        id = self._row["origin_call"]
        return None if id is None else self._trace.call(id)

    @property
    def parent_session(self) -> Session | None:
        """The session of the recorded process that forked or started this one."""
        id = self._row["origin_session"]
        return None if id is None else self._trace.session(id)

    @property
    def process(self) -> dict[str, Any]:
        """The process that was recorded: `pid`, `cwd`, `platform`, `implementation`, `tier`."""
        row = self._row
        return {
            "pid": row["pid"],
            "cwd": row["cwd"],
            "platform": row["platform"],
            "implementation": row["implementation"],
            "tier": row["tier"],
        }

    @property
    def python(self) -> str:
        """The version of the interpreter."""
        return self._row["python"]

    @property
    def commit(self) -> str | None:
        """The git commit checked out in its working directory."""
        return self._row["commit"]

    @property
    def argv(self) -> list[str]:
        """The command line of the process."""
        return list(self._row["argv"])

    def summary(self) -> dict[str, Any]:
        """What it is made of, as [`Trace.summary`][spacetimepy.Trace.summary] says it."""
        return self._trace._native.stats(self.id)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Session) and _key(self) == _key(other)

    def __hash__(self) -> int:
        return hash(_key(self))

    def __repr__(self) -> str:
        return f"<Session {self.id} {self.name!r}>"

    def _repr_html_(self) -> str:
        rows = [(call.id, call.qualname, call.line, call.outcome) for call in self.calls[:20]]
        return _html_table(("call", "function", "line", "outcome"), rows)


class Branch:
    """A line of execution; so far there is one a session, its root.

    >>> import spacetimepy, tempfile
    >>> path = tempfile.mkdtemp() + "/run.spacetime"
    >>> with spacetimepy.record(path):
    ...     pass
    >>> spacetimepy.open(path).sessions[0].branches
    [<Branch 1 'root'>]
    """

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def id(self) -> int:
        """That of its session."""
        return self._session.id

    @property
    def name(self) -> str:
        """`root`."""
        return "root"

    @property
    def parent(self) -> Branch | None:
        """The branch it was forked from: none."""
        return None

    @property
    def fork(self) -> State | None:
        """The state it was forked at: none."""
        return None

    @property
    def calls(self) -> Sequence[Call]:
        """Its calls, in the order of their starts."""
        return self._session.calls

    def __repr__(self) -> str:
        return f"<Branch {self.id} {self.name!r}>"


class Call:
    """One activation of a recorded function or module body.

    >>> import spacetimepy, tempfile
    >>> @spacetimepy.line
    ... def divide(a, b):
    ...     return a / b
    >>> path = tempfile.mkdtemp() + "/run.spacetime"
    >>> with spacetimepy.init_monitoring(path):
    ...     _ = divide(1, 2)
    ...     try:
    ...         divide(1, 0)
    ...     except ZeroDivisionError:
    ...         pass
    >>> good, bad = spacetimepy.open(path).calls("divide")
    >>> good.outcome, good.arguments, good.value
    ('RETURNED', {'a': 1, 'b': 2}, 0.5)
    >>> bad.outcome, bad.exception.type, bad.exception.args
    ('RAISED', 'ZeroDivisionError', ('division by zero',))
    """

    __slots__ = ("_loaded", "_row", "_trace")

    def __init__(self, trace: Trace, row: _native._CallRow) -> None:
        self._trace = trace
        self._row = row
        self._loaded: _native.CallValues | None = None

    @property
    def _values(self) -> _native.CallValues:
        if self._loaded is None:
            self._loaded = self._trace._native.call_values(self.id)
        return self._loaded

    @property
    def _n_states(self) -> int:
        return self._row["n_states"]

    @property
    def id(self) -> int:
        """Counts through the trace from 1."""
        return self._row["id"]

    @property
    def name(self) -> str:
        """The function's name; `<module>` for a module body."""
        return self.code.name

    @property
    def qualname(self) -> str:
        """The function's qualified name."""
        return self.code.qualname

    @property
    def file(self) -> str:
        """The file of its code."""
        return self.code.file

    @property
    def line(self) -> int:
        """The first line of its code."""
        return self.code.first_line

    @property
    def arguments(self) -> dict[str, Any]:
        """The parameters as bound at its start, by name."""
        return self._values.arguments()

    @property
    def globals(self) -> dict[str, Any]:
        """The global variables to which its code refers, at its start; builtins left out."""
        return self._values.globals()

    @property
    def entered_earlier(self) -> bool:
        """Whether recording began inside it: `arguments` are then those names as they were at
        that time, perhaps bound anew.

        >>> import spacetimepy, tempfile
        >>> @spacetimepy.line
        ... def halve(n):
        ...     n = n // 2
        ...     spacetimepy.enable_recording()
        ...     return n
        >>> path = tempfile.mkdtemp() + "/run.spacetime"
        >>> with spacetimepy.init_monitoring(path):
        ...     spacetimepy.disable_recording()
        ...     _ = halve(8)
        >>> call = spacetimepy.open(path).call(1)
        >>> call.entered_earlier, call.arguments["n"]
        (True, 4)
        """
        return self._row["entered_earlier"]

    @property
    def outcome(self) -> Outcome:
        """`RETURNED`; `RAISED`; `OPEN` while it runs or if recording ended inside it; `DROPPED`
        for a suspended generator that never came to its end, or if it ended in a pause."""
        return self._row["outcome"].upper()  # type: ignore[return-value]

    @property
    def value(self) -> Any:
        """What it returned.

        Raises:
            NotFoundError: It did not return.
        """
        if self.outcome != "RETURNED":
            self._refuse_value()
        return self._values.result()

    def _refuse_value(self) -> NoReturn:
        hint = " (see .exception)" if self.outcome == "RAISED" else ""
        raise NotFoundError(f"call {self.id} has no value: it is {self.outcome}{hint}")

    @property
    def exception(self) -> Value | None:
        """The exception that left it; None if none did."""
        return self._values.result() if self.outcome == "RAISED" else None

    @property
    def parent(self) -> Call | None:
        """The nearest recorded call that it was made from; for the outermost calls of a process
        that another recorded one forked or started, the call in which it did.
        """
        parent = self._row["parent"]
        return self.session.parent if parent is None else self._trace.call(parent)

    @property
    def children(self) -> Sequence[Call]:
        """The calls of which it is the parent, in the same process."""
        return _Calls(self._trace, parent=self.id)

    @property
    def processes(self) -> Sequence[Session]:
        """The sessions of the processes that it forked or started."""
        sessions = self._trace.sessions
        return _Listed([one for one in sessions if one._row["origin_call"] == self.id])

    @property
    def states(self) -> Sequence[State]:
        """Its states: one before each executed line, or one at entry and one at exit."""
        return _States(self)

    @property
    def events(self) -> Sequence[Any]:
        """The calls of tracked callables: this version tracks none."""
        return ()

    @property
    def metadata(self) -> dict[str, Any]:
        """What was noted about it: for the call of a test, `nodeid` and `outcome`."""
        import json

        text = self._trace._native.call_metadata(self.id)
        return json.loads(text) if text else {}

    @property
    def code(self) -> CodeVersion:
        """The code that ran."""
        return self._trace._code(self._row["code"])

    @property
    def session(self) -> Session:
        """The session it belongs to."""
        return self._trace.session(self._row["session"])

    @property
    def branch(self) -> Branch:
        """The branch it belongs to."""
        return Branch(self.session)

    @property
    def thread(self) -> int:
        """Its thread, counted from 0 in the session."""
        return self._row["thread"]

    @property
    def task(self) -> str | None:
        """The name of the asyncio task in which it started."""
        return self._row["task"]

    @property
    def is_line_level(self) -> bool:
        """Whether it has a state for each line."""
        return self._row["is_line_level"]

    @property
    def wall_ns(self) -> int | None:
        """Wall time between its start and its end, in nanoseconds; None while it is open."""
        return self._row["wall_ns"]

    @property
    def cpu_ns(self) -> int | None:
        """CPU time of its thread between start and end, in nanoseconds, where it was measured."""
        return self._row["cpu_ns"]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Call) and _key(self) == _key(other)

    def __hash__(self) -> int:
        return hash(_key(self))

    def __repr__(self) -> str:
        return f"<Call {self.id} {self.qualname} {self.outcome}>"

    def _repr_html_(self) -> str:
        rows = [(index, state.line, state.source) for index, state in enumerate(self.states[:20])]
        return _html_table(("state", "line", "source"), rows)


class State:
    """A snapshot of a call: just before a line ran, or at its entry or exit.

    >>> import spacetimepy, tempfile
    >>> @spacetimepy.line
    ... def swap(pair):
    ...     pair.reverse()
    ...     return pair
    >>> path = tempfile.mkdtemp() + "/run.spacetime"
    >>> with spacetimepy.init_monitoring(path):
    ...     _ = swap([1, 2])
    >>> state = spacetimepy.open(path).state("1:0")
    >>> state.locals, state.next.locals
    ({'pair': [1, 2]}, {'pair': [2, 1]})
    >>> state.source.strip(), state.next.next
    ('pair.reverse()', None)
    """

    __slots__ = ("_call", "_index", "_loaded", "_trace")

    def __init__(
        self, trace: Trace, call: int, index: int, loaded: _native.StateView | None = None
    ) -> None:
        self._trace = trace
        self._call = call
        self._index = index
        self._loaded = loaded

    @property
    def _view(self) -> _native.StateView:
        if self._loaded is None:
            self._loaded = self._trace._native.state_of_call(self._call, self._index)
        return self._loaded

    @property
    def id(self) -> int:
        """Counts through the trace from 1."""
        return self._view.id

    @property
    def index(self) -> int:
        """Its place among the states of its call, from 0."""
        return self._index

    @property
    def kind(self) -> Literal["line", "entry", "exit"]:
        """What it marks."""
        return self._view.kind

    @property
    def call(self) -> Call:
        """The call it is a state of."""
        return self._trace.call(self._call)

    @property
    def line(self) -> int:
        """The line of the file that is about to run."""
        return self._view.line

    @property
    def source(self) -> str:
        """The text of that line; empty where the source is not known."""
        return self.code.line(self.line)

    @property
    def locals(self) -> dict[str, Any]:
        """The bound local variables, by name.

        One state gives the same objects each time, so that `is` tells what was the same object;
        copy what you mean to change.
        """
        return self._view.locals()

    @property
    def globals(self) -> dict[str, Any]:
        """The bound global variables to which the code refers; builtins left out."""
        return self._view.globals()

    @property
    def events(self) -> Sequence[Any]:
        """The calls of tracked callables until the next state: this version tracks none."""
        return ()

    @property
    def code(self) -> CodeVersion:
        """The code that runs."""
        return self._trace._code(self._view.code)

    @property
    def metadata(self) -> dict[str, Any]:
        """The results of hooks: this version runs none."""
        return {}

    @property
    def clock_ns(self) -> int:
        """Nanoseconds since the start of the session, by a coarse clock."""
        return self._view.clock_ns

    @property
    def gap(self) -> str | None:
        """Why something could not be captured here; None if all was."""
        return self._view.gap

    @property
    def next(self) -> State | None:
        """The state of the same call after this one."""
        states = self.call.states
        return states[self._index + 1] if self._index + 1 < len(states) else None

    @property
    def previous(self) -> State | None:
        """The state of the same call before this one."""
        return State(self._trace, self._call, self._index - 1) if self._index else None

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, State)
            and (self._call, self._index) == (other._call, other._index)
            and self._trace.path == other._trace.path
        )

    def __hash__(self) -> int:
        return hash((self._trace.path, self._call, self._index))

    def __repr__(self) -> str:
        return f"<State {self._call}:{self._index} line {self.line}>"

    def _repr_html_(self) -> str:
        rows = [(name, repr(value)[:200]) for name, value in self.locals.items()]
        return _html_table((f"line {self.line}", self.source.strip()), rows)


class CodeVersion:
    """The source of a function or module body as it ran.

    >>> import spacetimepy, tempfile, textwrap
    >>> path = tempfile.mkdtemp() + "/run.spacetime"
    >>> with spacetimepy.record(path, function="textwrap.fill"):
    ...     _ = textwrap.fill("a b", width=2)
    >>> code = spacetimepy.open(path).call(1).code
    >>> code.qualname, code.line(code.first_line)
    ('fill', 'def fill(text, width=70, **kwargs):')
    """

    __slots__ = ("_row",)

    def __init__(self, row: _native._CodeRow) -> None:
        self._row = row

    @property
    def name(self) -> str:
        """The name of the function; `<module>` for a module body."""
        return self._row["name"]

    @property
    def qualname(self) -> str:
        """The qualified name of the function."""
        return self._row["qualname"]

    @property
    def hash(self) -> str:
        """Equal for equal source and bytecode."""
        return self._row["hash"]

    @property
    def text(self) -> str:
        """The source; empty where it could not be found."""
        return self._row["text"]

    @property
    def file(self) -> str:
        """The file, as an absolute path where there is one."""
        return self._row["file"]

    @property
    def first_line(self) -> int:
        """The line of the file on which the text begins."""
        return self._row["first_line"]

    @property
    def file_version(self) -> str | None:
        """The hash of the whole file at that time."""
        return self._row["file_version"]

    @property
    def commit(self) -> str | None:
        """The git commit checked out where the file lies."""
        return self._row["commit"]

    def line(self, number: int) -> str:
        """The text of a line of the file; empty if it is not part of this code."""
        # Not `splitlines`, for which a form feed ends a line as well.
        lines = self.text.split("\n")
        index = number - self.first_line
        return lines[index] if 0 <= index < len(lines) else ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CodeVersion) and self._row == other._row

    def __hash__(self) -> int:
        return hash((self.hash, self.file, self.first_line))

    def __repr__(self) -> str:
        return f"<CodeVersion {self.qualname} {os.path.basename(self.file)}:{self.first_line}>"


def _key(thing: Session | Call) -> tuple[str, int]:
    return thing._trace.path, thing.id


def _check_text(text: object, option: str, meaning: str) -> None:
    if not isinstance(text, str):
        raise UsageError(f"{option}: expected {meaning}, found {text!r}")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UsageError(f"{option}: {text!r} cannot be written as UTF-8") from None


def _as_id(id: object, what: str) -> int:
    if type(id) is not int or not 0 <= id < 1 << 63:
        raise UsageError(f"the id of a {what} is a number, found {id!r}")
    return id


def _as_session_id(session: Session | int | None) -> int | None:
    if session is None:
        return None
    return session.id if isinstance(session, Session) else _as_id(session, "session")


def _time(unix_ns: int) -> datetime:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(unix_ns / 1e9, UTC)


def _html_table(headings: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    from html import escape

    def row(cells: tuple[Any, ...], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{escape(str(cell))}</{tag}>" for cell in cells) + "</tr>"

    return f"<table>{row(headings, 'th')}{''.join(row(cells, 'td') for cells in rows)}</table>"
