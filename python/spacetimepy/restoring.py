"""Recorded values as objects of this process again.

Start with [`restore_state`][spacetimepy.restoring.restore_state]: all variables of a state are
restored together, so that what was one object is one object. `Value.restore()` restores one value.

Restoring is the one thing that runs code because of a trace: it imports the modules that classes
and functions come from, and a key of a dict is hashed. So it is refused unless the trace is
trusted: `spacetimepy.open(path, trust=True)`. No `__init__`, `__setattr__` or `__setstate__` of a
class in Python runs, unless an [`adapter`][spacetimepy.adapter] calls it.

How: an object that can change is made empty, and filled once all that it holds exists; one that
cannot is made of its parts, inner ones first. Nothing recurses on what the trace holds. Dicts and
sets whose keys have a hash of their own are filled last, and twice: the second time everything that
such a hash reads is in place. What one kind of object takes says
[`builders`][spacetimepy._builders], where names lead says [`importing`][spacetimepy._importing].
"""

from __future__ import annotations

from collections import deque

from spacetimepy import _builders
from spacetimepy._builders_of_files import leave_unfinished
from spacetimepy._importing import Names
from spacetimepy.errors import NotFoundError, RestoreError, TrustError
from spacetimepy.values import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping
    from typing import Any

    from spacetimepy._native import ValueGraph
    from spacetimepy.trace import State

    Steps = Generator[Any, Any, Any]

__all__ = ["Restored", "Restorer", "restore_named", "restore_state", "restore_value"]


class Restored:
    """The variables of a state as living objects.

    `locals` and `globals` hold those that could be restored, `refused` says of each other one why.
    """

    __slots__ = ("globals", "locals", "refused")

    def __init__(self) -> None:
        self.locals: dict[str, Any] = {}
        self.globals: dict[str, Any] = {}
        self.refused: dict[str, RestoreError] = {}

    def __repr__(self) -> str:
        n_restored = len(self.locals) + len(self.globals)
        return f"<Restored {n_restored} variables, {len(self.refused)} refused>"


def restore_state(
    state: State, *, namespaces: Mapping[str, Mapping[str, Any]] | None = None
) -> Restored:
    """Restores all variables of a state.

    Args:
        state: Of a trace that is trusted.
        namespaces: Modules by name in which classes and functions are looked up, in place of an
            import; those of a script are in `"__main__"`.

    Raises:
        TrustError: The trace is not trusted.

    >>> import spacetimepy, tempfile
    >>> @spacetimepy.line
    ... def share(row):
    ...     rows = [row, row]
    ...     return rows
    >>> path = tempfile.mkdtemp() + "/run.spacetime"
    >>> with spacetimepy.init_monitoring(path):
    ...     _ = share([1])
    >>> state = spacetimepy.open(path, trust=True).state("1:1")
    >>> found = restore_state(state).locals
    >>> found["rows"][0] is found["rows"][1] is found["row"]
    True
    """
    view = state._view
    places = dict(zip(("locals", "globals"), view.lazily(), strict=True))
    restorer = Restorer(view.graph, namespaces)
    roots = [(name, value) for values in places.values() for name, value in values.items()]
    made = iter(restorer.make_all(roots))
    restored = Restored()
    for place, values in places.items():
        for name in values:
            found = next(made)
            if isinstance(found, RestoreError):
                restored.refused[name] = found
            else:
                getattr(restored, place)[name] = found.object
    return restored


def restore_named(
    state: State, name: str, *, namespaces: Mapping[str, Mapping[str, Any]] | None = None
) -> Any:
    """Restores one variable of a state, a local one or else a global one.

    Raises:
        NotFoundError: The state has none of that name.
        RestoreError: It cannot be restored.
        TrustError: The trace is not trusted.
    """
    view = state._view
    held, used = view.lazily()
    if name not in held and name not in used:
        raise NotFoundError(f"{state!r} has no variable {name!r}")
    root = held[name] if name in held else used[name]
    (found,) = Restorer(view.graph, namespaces).make_all([(name, root)])
    if isinstance(found, RestoreError):
        raise found
    return found.object


def restore_value(
    value: Value, *, namespaces: Mapping[str, Mapping[str, Any]] | None = None
) -> Any:
    """Restores one value; see `Value.restore`."""
    (found,) = Restorer(value._graph, namespaces).make_all([("value", value)])
    if isinstance(found, RestoreError):
        raise found
    return found.object


class Found:
    """A restored object."""

    __slots__ = ("object",)

    def __init__(self, made: Any) -> None:
        self.object = made


class UnbuiltError(Exception):
    """A part could not be made; why is noted where it was found."""


class InProgressError(UnbuiltError):
    """A part is being made further out: it is asked for again later."""


class Node:
    """One object of the value graph, and what is looked up of it once."""

    __slots__ = ("attributes", "entries", "items", "key", "kind", "type", "value")

    def __init__(self, value: Value) -> None:
        self.value = value
        self.key = _key_of(value)
        self.kind = value.kind
        self.type = value.type
        self.items: list[Any] = []
        self.entries: list[tuple[Any, Any]] = []
        self.attributes: dict[str, Any] = {}
        if value.object_id is not None:
            self.items, self.entries, self.attributes = value._graph.parts(value.object_id)

    def parts(self) -> Iterator[tuple[str, Any]]:
        """Where each part is, and the part."""
        for at, item in enumerate(self.items):
            yield f"[{at}]", item
        for key, item in self.entries:
            shown = key.preview if type(key) is Value else repr(key)
            yield f" key {shown}", key
            yield f"[{shown}]", item
        for name, item in self.attributes.items():
            yield f".{name}", item


class Restorer:
    """Makes the objects of one value graph, each once."""

    def __init__(
        self, graph: ValueGraph, namespaces: Mapping[str, Mapping[str, Any]] | None = None
    ) -> None:
        if not graph.is_trusted:
            raise TrustError(
                "restoring may run code, so it is done for trusted traces alone: if you know where "
                "this one comes from, open it by spacetimepy.open(path, trust=True)"
            )
        self.names = Names(namespaces or {})
        self._nodes: dict[int, Node] = {}
        self._made: dict[int, Any] = {}
        self._problems: dict[int, str] = {}
        self._broken: set[int] = set()
        self._in_progress: set[int] = set()
        self._tasks: list[tuple[Node, Callable[[], Steps]]] = []
        self._late: list[tuple[Node, Callable[[], None]]] = []

    def make_all(self, roots: list[tuple[str, Any]]) -> list[Found | RestoreError]:
        """Makes named values; in place of one that cannot be made the error that says why."""
        made: list[Any] = []
        for _, value in roots:
            try:
                made.append(self._run(self._ask(value)))
            except UnbuiltError:
                made.append(None)
        self.finish()
        for is_last in (False, True):
            for node, fill in reversed(self._late):
                try:
                    fill()
                except Exception as error:
                    if is_last:
                        self._problems[node.key] = _text_of(error)
        self._late.clear()
        for key in self._broken & self._made.keys():
            leave_unfinished(self._made[key])
        return [
            Found(found) if problem is None else RestoreError(problem)
            for (name, value), found in zip(roots, made, strict=True)
            for problem in [self._problem_in(name, value)]
        ]

    def keep(self, node: Node, made: Any, fill: Callable[[], Steps] | None = None) -> Any:
        """Takes an object that is still empty; `fill` fills it once its parts can be had.

        It may be called again from the start, where a part is not there yet.
        """
        self._made[node.key] = made
        if fill is not None:
            self._tasks.append((node, fill))
        return made

    def fill_late(self, node: Node, fill: Callable[[], None]) -> None:
        """Has something done when all else is made: filling what hashes objects, closing files.

        It is done twice, so the second time must do no harm.
        """
        self._late.append((node, fill))

    def finish(self) -> None:
        """Fills everything that was made empty, as far as its parts can be had now."""
        waiting: list[tuple[Node, Callable[[], Steps]]] = []
        while self._tasks:
            node, fill = self._tasks.pop()
            try:
                self._run(fill(), node)
            except InProgressError:
                waiting.append((node, fill))
            except UnbuiltError:
                pass
        if self._in_progress:
            self._tasks = waiting
            return
        for node, _ in waiting:
            self._problems.setdefault(node.key, "an immutable object is inside itself")

    def node(self, value: Value) -> Node:
        """The node of a value."""
        key = _key_of(value)
        if key not in self._nodes:
            self._nodes[key] = Node(value)
        return self._nodes[key]

    def _ask(self, value: Any) -> Steps:
        return (yield value)

    def _run(self, steps: Steps, node: Node | None = None) -> Any:
        """Runs steps to their end. Each yields parts of the graph and is sent the objects."""
        stack: list[tuple[Node | None, Steps]] = [(node, steps)]
        answer, failure = None, None
        while stack:
            node, steps = stack[-1]
            try:
                wanted = steps.throw(failure) if failure is not None else steps.send(answer)
            except StopIteration as done:
                answer, failure = done.value, None
                if node is not None and node.key in self._in_progress:
                    answer = self._made.setdefault(node.key, answer)
            except UnbuiltError as unbuilt:
                answer, failure = None, unbuilt
                if node is not None and not isinstance(unbuilt, InProgressError):
                    self._broken.add(node.key)
            except (Exception, SystemExit) as error:
                answer, failure = None, UnbuiltError()
                if node is not None:
                    self._problems[node.key] = _text_of(error)
            else:
                answer, failure = self._begin(wanted, stack)
                continue
            stack.pop()
            if node is not None:
                self._in_progress.discard(node.key)
        if failure is not None:
            raise failure
        return answer

    def _begin(
        self, wanted: Any, stack: list[tuple[Node | None, Steps]]
    ) -> tuple[Any, UnbuiltError | None]:
        if type(wanted) is not Value:
            return wanted, None
        node = self.node(wanted)
        key = node.key
        if key in self._problems or key in self._broken:
            return None, UnbuiltError()
        if key in self._made:
            return self._made[key], None
        if key in self._in_progress:
            return None, InProgressError()
        if wanted.fidelity != "exact":
            self._problems[key] = f"{wanted.reason} ({wanted.type})"
            return None, UnbuiltError()
        self._in_progress.add(key)
        stack.append((node, _builders.build(self, node)))
        return None, None

    def _problem_in(self, name: str, root: Any) -> str | None:
        """Why a value could not be made: the nearest part that could not, and its path."""
        if type(root) is not Value or not self._problems:
            return None
        # How each part was reached: the part it was found in, and the step from there.
        reached: dict[int, tuple[int, str]] = {_key_of(root): (0, name)}
        pending = deque([root])
        while pending:
            value = pending.popleft()
            key = _key_of(value)
            if key in self._problems:
                return f"{_path_to(key, reached)} cannot be restored: {self._problems[key]}"
            if key not in self._made and key not in self._broken:
                continue  # not needed: what holds it was found by its name
            for step, part in self.node(value).parts():
                if type(part) is Value and _key_of(part) not in reached:
                    reached[_key_of(part)] = (key, step)
                    pending.append(part)
        return None


def _path_to(key: int, reached: dict[int, tuple[int, str]]) -> str:
    """The steps from a variable to a part, of many the last ones."""
    most = 20
    steps: list[str] = []
    while key in reached and len(steps) < most:
        key, step = reached[key]
        steps.insert(0, step)
    return ("…" if key in reached else "") + "".join(steps)


def _key_of(value: Value) -> int:
    return value.object_id if value.object_id is not None else -id(value)


def _text_of(error: BaseException) -> str:
    if isinstance(error, RestoreError):
        return str(error)
    return f"{type(error).__name__}: {error}"
