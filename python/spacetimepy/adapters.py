"""Adapters: what objects are whose state the recorder cannot see.

The recorder reads what the interpreter keeps: items, attributes, slots, and what it knows of common
types in C. Of other objects the state is elsewhere: in C, in a file, behind a handle. An adapter,
registered by [`adapter`][spacetimepy.adapter], says what such an object is, in plain values: the
payload. Traces show it, and `Value.restore()` makes the object of it again.

`capture` and `preview` are the only code of a user's that runs because of recording: right before a
state is written, for each object of the type that the state shows. They run unrecorded and guarded.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]
from types import FunctionType, MethodType

from spacetimepy._isolation import describe_exception, isolate
from spacetimepy.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType
    from typing import Any, overload

    from spacetimepy import _native

__all__ = ["Adapter", "adapter"]

isolate(globals())


class Adapter:
    """How objects of a type are recorded and restored; made by [`adapter`][spacetimepy.adapter].

    >>> import io, spacetimepy
    >>> spacetimepy.adapter(io.BytesIO, capture=io.BytesIO.getvalue, restore=io.BytesIO)
    <Adapter of _io.BytesIO>
    """

    __slots__ = ("_is_of_class", "_restore", "ask", "kind", "name", "shorten")

    def __init__(
        self,
        kind: type,
        capture: Callable[[Any], Any],
        restore: Callable[[Any], Any],
        preview: Callable[[Any], str] | None,
        *,
        is_of_class: bool,
    ) -> None:
        self.kind = kind
        # As a trace names it.
        self.name = _name_of(kind)
        self._restore = restore
        self._is_of_class = is_of_class
        self.ask = _asking(capture)
        self.shorten = None if preview is None else _shortening(preview)

    def restore(self, kind: type, payload: Any) -> Any:
        """An object of a class, which is the adapter's type or a subclass, of a payload."""
        return kind.restore(payload) if self._is_of_class else self._restore(payload)  # type: ignore[attr-defined]

    def __repr__(self) -> str:
        return f"<Adapter of {self.name}>"


# Of each type the latest counts. None is ever forgotten: the recorder refers to them.
_adapters: list[Adapter] = []
_recorder: _native.Recorder | None = None

# The recorder reads these as they are; everything is an object.
_PLAIN = (
    *(object, type, type(None), bool, int, float, complex, str, bytes, bytearray),
    *(list, tuple, dict, set, frozenset, range, type(...), type(NotImplemented)),
)

if TYPE_CHECKING:

    @overload
    def adapter[Kind: type](kind: Kind, /) -> Kind: ...
    @overload
    def adapter(
        kind: type,
        /,
        *,
        capture: Callable[[Any], Any],
        restore: Callable[[Any], Any],
        preview: Callable[[Any], str] | None = None,
    ) -> Adapter: ...


def adapter(
    kind: Any,
    /,
    *,
    capture: Callable[[Any], Any] | None = None,
    restore: Callable[[Any], Any] | None = None,
    preview: Callable[[Any], str] | None = None,
) -> Any:
    """Says how objects of a type are recorded, whose state the recorder cannot see by itself.

    Also a decorator, for a class that has the methods `capture(self)`, `restore(payload)` (a class
    or static method) and perhaps `preview(payload)` (likewise).

    Args:
        kind: The class. Objects of its subclasses are recorded likewise, unless a nearer class has
            an adapter of its own; they can be restored if `restore` gives an object of their class.
        capture: Given an object, what it is, in plain values: None, bool, int, float, complex, str,
            bytes, list, tuple, dict, set and frozenset, nested as you like. It is asked before each
            state that shows the object, so it should be quick, and should change nothing.
        restore: Given the payload, an equal object, in any process; for traces that are trusted.
        preview: Given the payload, a text of up to 200 characters to show in its place.

    Of two adapters for a type the later counts; one that is registered while something is recorded
    counts from then on. What `capture` and `preview` call in their own thread is not recorded. If
    `capture` raises an `Exception` or gives anything but plain values, the object is opaque, and
    its `reason` says why; a `preview` that fails is left out. What is raised by the handler of a
    signal that comes meanwhile, and whatever is no `Exception` (`KeyboardInterrupt`, `SystemExit`),
    reaches the program.

    Returns:
        The class where this is a decorator, otherwise the `Adapter`.

    Raises:
        UsageError: `kind` is no class or one that the recorder reads as it is, or something cannot
            be called.

    >>> import io, spacetimepy, tempfile
    >>> _ = spacetimepy.adapter(
    ...     io.BytesIO,
    ...     capture=lambda stream: (stream.getvalue(), stream.tell()),
    ...     restore=lambda payload: io.BytesIO(payload[0]),
    ...     preview=lambda payload: f"{len(payload[0])} bytes",
    ... )
    >>> @spacetimepy.function
    ... def add_header(stream):
    ...     stream.write(b"BM")
    >>> path = tempfile.mkdtemp() + "/run.spacetime"
    >>> with spacetimepy.init_monitoring(path):
    ...     add_header(io.BytesIO())
    >>> entry, exit = spacetimepy.open(path, trust=True).call(1).states
    >>> entry.locals["stream"].payload, exit.locals["stream"].payload
    ((b'', 0), (b'BM', 2))
    >>> exit.locals["stream"].preview.partition(" ")[2]
    '2 bytes>'
    >>> made = exit.locals["stream"].restore()
    >>> made.getvalue(), made.tell(), exit.locals["stream"] == made
    (b'BM', 0, False)
    >>> made.seek(2), exit.locals["stream"] == made
    (2, True)
    """
    _check_type(kind)
    if capture is None and restore is None:
        if preview is not None:
            raise UsageError("adapter: preview is given, capture and restore are not")
        register(of_class(kind))
        return kind
    for name, given in (("capture", capture), ("restore", restore)):
        if not callable(given):
            raise UsageError(f"adapter: {name} is a function, found {given!r}")
    if preview is not None and not callable(preview):
        raise UsageError(f"adapter: preview is a function or None, found {preview!r}")
    made = Adapter(kind, capture, restore, preview, is_of_class=False)  # type: ignore[arg-type]
    register(made)
    return made


def of_class(kind: type) -> Adapter:
    """The adapter that a class has as methods."""
    methods = {name: getattr(kind, name, None) for name in ("capture", "restore", "preview")}
    for name in ("capture", "restore"):
        if not callable(methods[name]):
            raise UsageError(
                f"adapter: {kind.__qualname__} has no method {name!r}; "
                "give capture=… and restore=…, or write the methods"
            )
    for name in ("restore", "preview"):
        if type(_found_in(kind, name)) is FunctionType:
            raise UsageError(
                f"adapter: {kind.__qualname__}.{name} is given a payload and no object: "
                "make it a classmethod or a staticmethod"
            )
    preview = methods["preview"] if callable(methods["preview"]) else None
    # A subclass may have a `capture` of its own.
    return Adapter(kind, lambda made: made.capture(), methods["restore"], preview, is_of_class=True)  # type: ignore[arg-type]


def register(made: Adapter) -> None:
    """Has the adapter asked from now on."""
    _adapters.append(made)
    if _recorder is not None:
        _hand_over(_recorder, made)


def register_all(given: Iterable[Adapter | type]) -> None:
    """What `init_monitoring` takes."""
    try:
        found = tuple(given)
    except TypeError:
        raise UsageError(f"adapters: expected adapters or classes, found {given!r}") from None
    for one in found:
        if not isinstance(one, Adapter):
            _check_type(one)
            one = of_class(one)
        # One that counts already needs no second registration.
        if find(one.name) is not one:
            register(one)


def attach(native: _native.Recorder | None) -> None:
    """Hands all adapters to a recorder that begins; none: it has ended."""
    global _recorder
    _recorder = native
    if native is not None:
        for made in _adapters:
            _hand_over(native, made)


def find(name: str) -> Adapter | None:
    """The adapter of the type of that name."""
    return next((made for made in reversed(_adapters) if made.name == name), None)


def find_for(kind: type) -> Adapter | None:
    """The adapter that objects of a class are recorded by: its own, or that of the nearest base."""
    for base in _bases_of(kind):
        for made in reversed(_adapters):
            if made.kind is base:
                return made
    return None


def _hand_over(native: _native.Recorder, made: Adapter) -> None:
    native.add_adapter(made.kind, made.ask, made.shorten)


def _check_type(kind: object) -> None:
    if not isinstance(kind, type):
        raise UsageError(f"adapter: the first argument is a class, found {kind!r}")
    if kind in _PLAIN:
        raise UsageError(f"adapter: {kind.__name__} is recorded as it is and takes no adapter")


def _found_in(kind: type, name: str) -> object:
    return next((vars(base)[name] for base in kind.__mro__ if name in vars(base)), None)


def _name_of(kind: type) -> str:
    from spacetimepy._importing import type_name

    return type_name(kind)


def _asking(capture: Callable[[Any], Any]) -> Callable[[Any], tuple[Any, str | None]]:
    """What the recorder calls: gives the payload, or why there is none. What it raises is the
    program's."""

    def ask(asked: Any) -> tuple[Any, str | None]:
        try:
            return capture(asked), None
        except Exception as error:
            if _is_of_signal(error):
                raise
            return None, f"its adapter raised {describe_exception(error)}"

    return ask


def _shortening(preview: Callable[[Any], str]) -> Callable[[Any], str | None]:
    """The same for a preview."""

    def shorten(payload: Any) -> str | None:
        try:
            return preview(payload)
        except Exception as error:
            if _is_of_signal(error):
                raise
            return None

    return shorten


_bases_of = type.__dict__["__mro__"].__get__
_traceback_of = BaseException.__dict__["__traceback__"].__get__
_handler_of = _signal.getsignal
_n_signals = _signal.NSIG


def _is_of_signal(error: BaseException) -> bool:
    """Whether a handler of a signal raised it, which happened to run in here."""
    codes = {_code_of(_handler_of(number)) for number in range(1, _n_signals)} - {None}
    traceback: TracebackType | None = _traceback_of(error)
    while traceback is not None:
        if traceback.tb_frame.f_code in codes:
            return True
        traceback = traceback.tb_next
    return False


def _code_of(handler: object) -> object:
    if type(handler) is MethodType:
        handler = handler.__func__
    return handler.__code__ if type(handler) is FunctionType else None
