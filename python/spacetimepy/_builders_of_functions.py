"""How functions are found again, or made again of the code in their module's source.

A name may mean several functions: one that was defined twice, one that a decorator wraps and gave
its name to what wraps it. Which one a trace says by its code: the first line, and the name of the
code where the function has another. Where the source has moved since, a function is taken if no
other could be meant. Of a function of no module the trace has the code. Start with `function`.
"""

from __future__ import annotations

import gc
import types
from typing import Any

from spacetimepy._attributes import all_of
from spacetimepy.errors import RestoreError
from spacetimepy.values import Value, same

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

    from spacetimepy.restoring import Node, Restorer

    Steps = Generator[Any, Any, Any]

__all__ = ["function"]

# The second: of those that are given the class that defines them.
_FUNCTIONS_IN_C = ("builtin_function_or_method", "builtin_method")

# What a function of no module (`exec` made it) has beside what others have; these have for its code
# only where it begins.
_OF_NO_MODULE = ("__code__", "__globals__")

# How far a decorator may hide the function it was given, and how much is looked at to find it.
_MOST_STEPS = 4
_MOST_LOOKED_AT = 500


class CodeFacts:
    """What a trace says of the code of a function; nothing in those that are older."""

    def __init__(self, recorded: tuple[Any, ...]) -> None:
        self.first_line: int | None = recorded[0] if recorded else None
        # Of the code, where the function has another name.
        self.name: str | None = recorded[1] if len(recorded) > 1 else None

    def fit(self, candidate: types.FunctionType) -> bool:
        """Whether a function has code of the right name."""
        name = candidate.__qualname__ if self.name is None else self.name
        return self.first_line is None or candidate.__code__.co_qualname == name


def function(restorer: Restorer, node: Node) -> Steps:
    """The steps that give a function, of Python or in C."""
    name = node.value.name
    owner = node.attributes.get("__self__")
    if owner is not None and node.type in _FUNCTIONS_IN_C:
        return getattr((yield owner), name.rpartition(".")[2])
    if node.type != "function":
        return _function_in_c(restorer, node, name)
    recorded = node.attributes.get("__code__", ())
    held = {part: value for part, value in node.attributes.items() if part not in _OF_NO_MODULE}
    if type(recorded) is Value:
        code, namespace = yield from all_of(node.attributes[part] for part in _OF_NO_MODULE)
        made = yield from _made(node, held, code, namespace)
        made.__qualname__ = name
        return restorer.keep(node, made, _filler(held, made))
    facts = CodeFacts(recorded)
    if "<locals>" in name or "<lambda>" in name:
        if facts.name is not None:
            raise RestoreError(f"the function {name} has the code of {facts.name}")
        code, namespace = restorer.names.code_of(name, tuple(_cells_in(held)), facts.first_line)
        made = yield from _made(node, held, code, namespace)
        return restorer.keep(node, made, _filler(held, made))
    found = restorer.names.find(name)
    fitting = [
        candidate
        for candidate in _functions_in(found)
        if restorer.names.is_name_of(candidate, name)
        and facts.fit(candidate)
        and sorted(_held_by(candidate)) == sorted(held)
    ]
    code = _only_code(restorer, name, fitting, facts)
    alike = [candidate for candidate in fitting if candidate.__code__ == code]
    equal = [candidate for candidate in alike if _holds(candidate, held)]
    if len(equal) == 1:
        node.attributes = {}
        return equal[0]
    like = alike[0]
    made = yield from _made(node, held, code, like.__globals__)
    made.__name__, made.__qualname__ = like.__name__, like.__qualname__
    made.__module__, made.__doc__ = like.__module__, like.__doc__
    return restorer.keep(node, made, _filler(held, made))


def _function_in_c(restorer: Restorer, node: Node, name: str) -> Any:
    owner, _, last = name.rpartition(".")
    if node.type in _FUNCTIONS_IN_C and restorer.names.is_class(owner):
        found = getattr(restorer.names.class_of(owner), last, None)
    else:
        found = restorer.names.find(name)
    if type(found).__name__ != node.type.rpartition(".")[2]:
        raise RestoreError(f"{name} is no {node.type} any more")
    return found


def _only_code(
    restorer: Restorer, name: str, fitting: list[types.FunctionType], facts: CodeFacts
) -> types.CodeType:
    """The code that the functions which could be meant have in common."""
    if not fitting:
        raise RestoreError(f"the function {name} is another one now")
    on_line = [f for f in fitting if f.__code__.co_firstlineno == facts.first_line]
    meant = on_line or fitting
    code = meant[0].__code__
    is_one = all(other.__code__ == code for other in meant)
    if not on_line and facts.first_line is not None:
        module = meant[0].__globals__.get("__name__", "")
        is_one &= restorer.names.is_only_one(code, module)
    if not is_one:
        raise RestoreError(f"several functions are called {name}")
    return code


def _functions_in(found: Any) -> Iterator[types.FunctionType]:
    """The function that an object is, and those that it wraps or holds."""
    seen: set[int] = set()
    level = [found]
    for _ in range(_MOST_STEPS):
        following: list[Any] = []
        for held in level:
            if id(held) in seen or len(seen) == _MOST_LOOKED_AT:
                continue
            seen.add(id(held))
            if type(held) is types.FunctionType:
                yield held
                following += held.__dict__.values()
                following += _contents_of(held.__closure__ or ())
            elif not issubclass(type(held), type | types.ModuleType):  # past any property
                following += gc.get_referents(held)
        level = following


def _contents_of(cells: Iterable[types.CellType]) -> Iterator[Any]:
    for cell in cells:
        try:
            yield cell.cell_contents
        except ValueError:  # an empty one
            continue


def _held_by(living: types.FunctionType) -> dict[str, Any]:
    """What a function holds, by the names that a trace has for it."""
    names = living.__code__.co_freevars
    held: dict[str, Any] = dict(zip(names, living.__closure__ or (), strict=True))
    if living.__defaults__ is not None:
        held["__defaults__"] = living.__defaults__
    if living.__kwdefaults__ is not None:
        held["__kwdefaults__"] = living.__kwdefaults__
    return held | living.__dict__


def _holds(candidate: types.FunctionType, held: dict[str, Any]) -> bool:
    living = _held_by(candidate)
    return all(same(part, living[name]) for name, part in held.items())


def _cells_in(held: dict[str, Any]) -> dict[str, Value]:
    return {
        name: part for name, part in held.items() if type(part) is Value and part.type == "cell"
    }


def _made(
    node: Node, held: dict[str, Any], code: types.CodeType, namespace: dict[str, Any]
) -> Steps:
    """A function of its own: the code as it is now, variables and defaults from the trace."""
    cells = _cells_in(held)
    closure = []
    for name in code.co_freevars:
        if name not in cells:
            raise RestoreError(f"the function {node.value.name} has no variable {name}")
        closure.append((yield cells[name]))
    defaults = yield held.get("__defaults__")
    return types.FunctionType(code, namespace, code.co_name, defaults, tuple(closure) or None)


def _filler(held: dict[str, Any], made: types.FunctionType) -> Callable[[], Steps]:
    """Sets what a function may get later."""
    known = {*made.__code__.co_freevars, "__defaults__", "__kwdefaults__"}
    names = [name for name in held if name not in known]

    def fill() -> Steps:
        made.__kwdefaults__ = yield held.get("__kwdefaults__")
        values = yield from all_of(held[name] for name in names)
        made.__dict__.update(zip(names, values, strict=True))

    return fill
