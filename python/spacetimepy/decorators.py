"""`@function` and `@line`: marks on the functions to record.

A decorator returns the function it was given, unchanged; it only notes its code object. The notes
are handed to the recorder when there is one, so that the order of decorating and of
[`init_monitoring`][spacetimepy.init_monitoring] does not matter and marks cost nothing until then.
"""

from __future__ import annotations

from spacetimepy._isolation import isolate
from spacetimepy.errors import NotSupportedError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import CodeType
    from typing import Any, Protocol, overload

    from spacetimepy._native import Recorder

    class _Decorator(Protocol):
        def __call__[Function](self, target: Function, /) -> Function: ...


__all__ = ["function", "line"]

isolate(globals())


class _Mark:
    """What a decorator asks for."""

    __slots__ = ("code", "ignore", "include", "line", "lines")

    def __init__(
        self,
        code: CodeType,
        *,
        line: bool,
        lines: tuple[int, ...] | None,
        include: tuple[str, ...],
        ignore: tuple[str, ...],
    ) -> None:
        self.code = code
        self.line = line
        self.lines = lines
        self.include = include
        self.ignore = ignore

    def hand_to(self, recorder: Recorder) -> None:
        recorder.monitor(
            self.code,
            line=self.line,
            lines=self.lines,
            include=self.include,
            ignore=self.ignore,
        )


# By the identity of the code object (equal code objects of two functions are two); the mark keeps
# the code object alive, so that the identity is not used again.
_marks: dict[int, _Mark] = {}
_recorder: Recorder | None = None


def attach(recorder: Recorder | None) -> None:
    """Hands all marks, and those to come, to this recorder."""
    global _recorder
    _recorder = recorder
    if recorder is not None:
        for mark in list(_marks.values()):
            mark.hand_to(recorder)


if TYPE_CHECKING:

    @overload
    def function[Function](target: Function, /) -> Function: ...
    @overload
    def function(
        *,
        include: str | Iterable[str] | None = None,
        ignore: str | Iterable[str] | None = None,
        start_hooks: Iterable[Callable[..., Any]] = (),
        return_hooks: Iterable[Callable[..., Any]] = (),
        track: Iterable[Callable[..., Any] | str] = (),
    ) -> _Decorator: ...


def function(
    target: Any = None,
    /,
    *,
    include: str | Iterable[str] | None = None,
    ignore: str | Iterable[str] | None = None,
    start_hooks: Iterable[Callable[..., Any]] = (),
    return_hooks: Iterable[Callable[..., Any]] = (),
    track: Iterable[Callable[..., Any] | str] = (),
) -> Any:
    """Records each call of a function with two states: at its entry and at its exit.

    Args:
        target: The function; also a method, static method, class method or property.
        include: Names of the local variables to record, or globs; all, if not given. Dotted paths
            (a part of a value) are not supported by this version.
        ignore: Names of the local variables to leave out, or globs.
        start_hooks: Not supported by this version.
        return_hooks: Not supported by this version.
        track: Not supported by this version.

    Returns:
        The same object; without `target`, the decorator.

    Raises:
        UsageError: The target has no Python code, a name is both in `include` and `ignore`, or is
            a dotted path.

    >>> import spacetimepy, tempfile
    >>> @spacetimepy.function
    ... def double(x):
    ...     return 2 * x
    >>> path = tempfile.mkdtemp() + "/double.spacetime"
    >>> with spacetimepy.init_monitoring(path):
    ...     _ = double(4)
    >>> call = spacetimepy.open(path).call(1)
    >>> call.arguments, call.value
    ({'x': 4}, 8)
    """
    _refuse(start_hooks=start_hooks, return_hooks=return_hooks, track=track)
    return _decorate(target, line=False, lines=None, include=include, ignore=ignore)


if TYPE_CHECKING:

    @overload
    def line[Function](target: Function, /) -> Function: ...
    @overload
    def line(
        *,
        include: str | Iterable[str] | None = None,
        ignore: str | Iterable[str] | None = None,
        lines: Iterable[int] | None = None,
        start_hooks: Iterable[Callable[..., Any]] = (),
        return_hooks: Iterable[Callable[..., Any]] = (),
        track: Iterable[Callable[..., Any] | str] = (),
    ) -> _Decorator: ...


def line(
    target: Any = None,
    /,
    *,
    include: str | Iterable[str] | None = None,
    ignore: str | Iterable[str] | None = None,
    lines: Iterable[int] | None = None,
    start_hooks: Iterable[Callable[..., Any]] = (),
    return_hooks: Iterable[Callable[..., Any]] = (),
    track: Iterable[Callable[..., Any] | str] = (),
) -> Any:
    """Records each call of a function with one state before each executed line.

    Args:
        target: The function; also a method, static method, class method or property.
        include: Names of the local variables to record, or globs; all, if not given. Dotted paths
            (a part of a value) are not supported by this version.
        ignore: Names of the local variables to leave out, or globs.
        lines: Record states on these lines only, numbered as in the file.
        start_hooks: Not supported by this version.
        return_hooks: Not supported by this version.
        track: Not supported by this version.

    Returns:
        The same object; without `target`, the decorator.

    Raises:
        UsageError: The target has no Python code, a name is both in `include` and `ignore`, or
            one of `lines` is no line of the function.

    >>> import spacetimepy, tempfile
    >>> @spacetimepy.line
    ... def total(numbers):
    ...     sum = 0
    ...     for number in numbers:
    ...         sum += number
    ...     return sum
    >>> path = tempfile.mkdtemp() + "/total.spacetime"
    >>> with spacetimepy.init_monitoring(path):
    ...     _ = total([3, 4])
    >>> [state.locals.get("sum") for state in spacetimepy.open(path).call(1).states]
    [None, 0, 0, 3, 3, 7, 7]
    """
    _refuse(start_hooks=start_hooks, return_hooks=return_hooks, track=track)
    return _decorate(target, line=True, lines=lines, include=include, ignore=ignore)


def _refuse(**options: Any) -> None:
    meaning = {"track": "tracked callables", "start_hooks": "hooks", "return_hooks": "hooks"}
    for name, value in options.items():
        if value:
            raise NotSupportedError(
                f"{name}: {meaning[name]} are not supported by this version; leave it empty"
            )


def _decorate(
    target: Any,
    *,
    line: bool,
    lines: Iterable[int] | None,
    include: str | Iterable[str] | None,
    ignore: str | Iterable[str] | None,
) -> Any:
    included = _names(include, option="include")
    ignored = _names(ignore, option="ignore")
    for name in included:
        if name in ignored:
            raise UsageError(
                f"{name!r} is both in include and in ignore: leave it out of one of them"
            )
    chosen = _line_numbers(lines)

    def decorate(target: Any) -> Any:
        for code in _codes_of(target):
            _check_lines(chosen, code)
            mark = _Mark(code, line=line, lines=chosen, include=included, ignore=ignored)
            _marks[id(code)] = mark
            if _recorder is not None:
                mark.hand_to(_recorder)
        return target

    return decorate if target is None else decorate(target)


def _names(names: str | Iterable[str] | None, *, option: str) -> tuple[str, ...]:
    if names is None:
        return ()
    try:
        found = (names,) if isinstance(names, str) else tuple(names)
    except TypeError:
        found = (names,)  # type: ignore[assignment]
    for name in found:
        if not isinstance(name, str) or not name:
            raise UsageError(f"{option}: expected names of variables, found {name!r}")
        if "." in name:
            raise UsageError(
                f"{option}: {name!r} is a dotted path, which this version does not support; name "
                f"the variable {name.partition('.')[0]!r} as a whole"
            )
    return found


def _line_numbers(lines: Iterable[int] | None) -> tuple[int, ...] | None:
    if lines is None:
        return None
    try:
        numbers = tuple(lines)
    except TypeError:
        raise UsageError(f"lines: expected line numbers, found {lines!r}") from None
    for number in numbers:
        if type(number) is not int:
            raise UsageError(f"lines: expected line numbers, found {number!r}")
    return numbers


def _check_lines(lines: tuple[int, ...] | None, code: CodeType) -> None:
    if lines is None:
        return
    with_code = {line for _, _, line in code.co_lines() if line}
    for line in lines:
        if line not in with_code:
            raise UsageError(
                f"lines: line {line} has no code in {code.co_qualname}, whose code lies on lines "
                f"{min(with_code)} to {max(with_code)}"
            )


def _codes_of(target: Any) -> list[CodeType]:
    """The code objects of what a decorator can stand on."""
    if isinstance(target, type):
        raise UsageError(
            f"{target.__name__} is a class: decorate its methods, or record it by the pattern "
            f"{target.__module__}.{target.__qualname__}"
        )
    if isinstance(target, property):
        parts = (target.fget, target.fset, target.fdel)
        return [code for part in parts if part is not None for code in _codes_of(part)]
    seen = set()
    while id(target) not in seen:
        seen.add(id(target))
        # The function below `functools.wraps`, `staticmethod`, `classmethod`, a bound method.
        inner = getattr(target, "__wrapped__", None) or getattr(target, "__func__", None)
        if inner is None:
            break
        target = inner
    code = getattr(target, "__code__", None)
    if type(code) is not type(_codes_of.__code__):
        raise UsageError(
            f"{target!r} has no Python code to record: expected a function defined in Python"
        )
    return [code]
