"""Where the names of classes, functions and modules lead in this process.

A name is `module.qualname`, without a mark between the two; builtins have no module. Start with
`Names.find`.
"""

from __future__ import annotations

import builtins
import collections
import importlib
import sys
import types

from spacetimepy.errors import RestoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

__all__ = ["Names", "c_base_of", "is_python_class", "type_name"]

_MRO = type.__dict__["__mro__"].__get__
_DICT = type.__dict__["__dict__"].__get__
_MODULE = type.__dict__["__module__"].__get__
_QUALNAME = type.__dict__["__qualname__"].__get__
_FLAGS = type.__dict__["__flags__"].__get__
_HEAP_TYPE = 1 << 9

_ABSENT = object()


def _types_without_a_place() -> dict[str, type]:
    """Types that say they are builtins and are not, such as that of None."""
    views = [type({}.keys()), type({}.values()), type({}.items())]
    others = [found for found in vars(types).values() if isinstance(found, type)]
    return {kind.__name__: kind for kind in [*views, *others] if kind.__module__ == "builtins"}


_TYPES = _types_without_a_place()


def type_name(kind: type) -> str:
    """`module.qualname` of a class, as a trace has it."""
    module = _DICT(kind).get("__module__") if _FLAGS(kind) & _HEAP_TYPE else _MODULE(kind)
    name = _QUALNAME(kind)
    return f"{module}.{name}" if isinstance(module, str) and module != "builtins" else name


def is_python_class(kind: type) -> bool:
    """Whether a class statement made the class: a type in C has a `__new__` in C or wrappers of
    slots of its own."""
    new = _DICT(kind).get("__new__")
    if not _FLAGS(kind) & _HEAP_TYPE or getattr(new, "__self__", None) is kind:
        return False
    wrappers = (m for m in _DICT(kind).values() if type(m) is types.WrapperDescriptorType)
    return not any(wrapper.__objclass__ is kind for wrapper in wrappers)


def c_base_of(kind: Any) -> Any:
    """The first class up the line of bases that is written in C."""
    while is_python_class(kind) and kind.__base__ is not None:
        kind = kind.__base__
    return kind


class Names:
    """Finds what names mean, by import unless a namespace is given for the module."""

    def __init__(self, namespaces: Mapping[str, Mapping[str, Any]]) -> None:
        self._namespaces = namespaces
        self._found: dict[str, Any] = {}
        self._codes: dict[str, dict[str, list[types.CodeType]]] = {}

    def class_of(self, name: str) -> Any:
        """The class of that name."""
        found = self.find(name)
        if not isinstance(found, type) or type_name(found) != name:
            raise RestoreError(f"{name} is not a class of that name any more")
        return found

    def named_tuple(self, name: str, fields: tuple[str, ...]) -> Any:
        """The class of a named tuple that was made inside a function, made again: its name and its
        fields say all, unless a class statement made it."""
        if "<locals>" in name or self._is_class_statement(name):
            return self.class_of(name)
        key = f"{name}({', '.join(fields)})"
        if key not in self._found:
            module, _, own_name = name.rpartition(".")
            self._found[key] = collections.namedtuple(own_name, fields, module=module)
        return self._found[key]

    def _is_class_statement(self, name: str) -> bool:
        """Whether the source of a module has the body of a class of that name."""
        parts = name.split(".")
        for n_parts in range(len(parts) - 1, 0, -1):
            module = ".".join(parts[:n_parts])
            namespace = self.namespace(module)
            if namespace is not None:
                return ".".join(parts[n_parts:]) in self._codes_in(module, namespace)
        return False

    def is_class(self, name: str) -> bool:
        """Whether a class has that name."""
        return bool(name) and isinstance(self._look_up(name), type)

    def module(self, name: str) -> types.ModuleType:
        """The module of that name."""
        found: types.ModuleType | None = self._imported(name)
        if found is None:
            raise RestoreError(f"the module {name} cannot be imported")
        return found

    def find(self, name: str) -> Any:
        """What a name means."""
        found = self._found.get(name, _ABSENT)
        if found is _ABSENT:
            found = self._found[name] = self._look_up(name)
        if found is _ABSENT:
            raise RestoreError(_why_not_found(name))
        return found

    def _look_up(self, name: str) -> Any:
        if "<locals>" in name:
            return _ABSENT
        for namespace, names in self._places(name):
            found = _follow(namespace, names)
            if found is not _ABSENT:
                return found
        return _TYPES.get(name, _ABSENT)

    def _places(self, name: str) -> Iterator[tuple[Mapping[str, Any], list[str]]]:
        """Namespaces in which a name may be, the longest name of a module first."""
        parts = name.split(".")
        for n_parts in range(len(parts) - 1, 0, -1):
            namespace = self.namespace(".".join(parts[:n_parts]))
            if namespace is not None:
                yield namespace, parts[n_parts:]
        yield vars(builtins), parts

    def namespace(self, module: str) -> Mapping[str, Any] | None:
        """The names of a module, None where there is none."""
        if module in self._namespaces:
            return self._namespaces[module]
        found = self._imported(module)
        return None if found is None else vars(found)

    def _imported(self, name: str) -> Any:
        if name in sys.modules:
            return sys.modules[name]
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            missing = error.name or ""
            if name == missing or name.startswith(f"{missing}."):
                return None
            raise RestoreError(f"the module {name} cannot be imported: {error}") from error
        except (Exception, SystemExit) as error:
            raise RestoreError(f"the module {name} cannot be imported: {error!r}") from error

    def code_of(
        self, name: str, free_names: tuple[str, ...], first_line: int | None
    ) -> tuple[types.CodeType, dict[str, Any]]:
        """The code of a function inside of a function, and the globals it runs with: of several the
        one that begins on that line."""
        parts = name.split("<locals>")[0].rstrip(".").split(".")
        for n_parts in range(len(parts) - 1, 0, -1):
            module = ".".join(parts[:n_parts])
            namespace = self.namespace(module)
            if namespace is None:
                continue
            qualname = name[len(module) + 1 :]
            found = self._codes_in(module, namespace).get(qualname, [])
            fitting = [code for code in found if code.co_freevars == free_names]
            if len(fitting) > 1:
                fitting = [code for code in fitting if code.co_firstlineno == first_line]
                if not fitting:
                    raise RestoreError(
                        f"several functions are called {name}, and none is where it was"
                    )
            if len(fitting) > 1:
                raise RestoreError(f"several functions are called {name}")
            if fitting:
                return fitting[0], dict_of(namespace)
        raise RestoreError(f"the code of {name} is not found in the source of its module")

    def is_only_one(self, code: types.CodeType, module: str) -> bool:
        """Whether no other function in the source of a module has the name of this code."""
        namespace = self.namespace(module)
        codes = {} if namespace is None else self._codes_in(module, namespace)
        return len(codes.get(code.co_qualname, ())) < 2

    def is_name_of(self, function: types.FunctionType, name: str) -> bool:
        """Whether a function has a name; in what was given for a module, whatever its own is."""
        qualname = function.__qualname__
        if not isinstance(function.__module__, str):
            return name == qualname
        module = name.removesuffix(f".{qualname}")
        return module != name and (function.__module__ == module or module in self._namespaces)

    def _codes_in(
        self, module: str, namespace: Mapping[str, Any]
    ) -> dict[str, list[types.CodeType]]:
        """All code objects of a module by qualified name."""
        if module not in self._codes:
            by_name: dict[str, list[types.CodeType]] = {}
            pending = [_module_code(namespace)]
            while pending:
                code = pending.pop()
                if code is not None:
                    by_name.setdefault(code.co_qualname, []).append(code)
                    pending += [item for item in code.co_consts if isinstance(item, types.CodeType)]
            self._codes[module] = by_name
        return self._codes[module]


def dict_of(namespace: Mapping[str, Any]) -> dict[str, Any]:
    """A namespace as the globals of a function."""
    return namespace if isinstance(namespace, dict) else dict(namespace)


def _module_code(namespace: Mapping[str, Any]) -> types.CodeType | None:
    file = namespace.get("__file__")
    if not isinstance(file, str):
        return None
    try:
        with open(file, "rb") as source:
            return compile(source.read(), file, "exec", dont_inherit=True)
    except (OSError, SyntaxError, ValueError):
        return None


def _follow(namespace: Mapping[str, Any], names: list[str]) -> Any:
    """What dotted names mean, read from namespaces and classes past descriptors."""
    found = namespace.get(names[0], _ABSENT)
    for name in names[1:]:
        if not isinstance(found, type):
            return _ABSENT
        held = (_DICT(base)[name] for base in _MRO(found) if name in _DICT(base))
        found = next(held, _ABSENT)
        if isinstance(found, staticmethod | classmethod):
            found = found.__func__
    return found


def _why_not_found(name: str) -> str:
    if "<locals>" in name:
        return f"{name} was made inside a function, so that no import gives it"
    return f"{name} is not found: its module cannot be imported or has no such name"
