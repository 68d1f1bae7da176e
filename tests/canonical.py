"""The canonical form of values: what the differential tests compare.

The oracle builds it from live objects (`LiveForm`, here), `from_trace` builds it from a trace. A
form is nested tuples of a tag and plain data, compared with `==` and printed with `repr`:

    ("int", 5)  ("float", "-0.0")  ("str", "a")         atoms, by type and exact value
    ("tuple", (item, ...))  ("frozenset", (item, ...))   immutable containers, by content
    ("list", 0, (item, ...))  ("set", 2, (item, ...))    mutable containers carry a number: the
    ("dict", 1, ((key, value), ...))                     order in which the walk first met them
    ("seen", 0)                                          the object met before under that number
    ("instance", "pkg.Point", 3, (("x", item), ...))     attributes by name, `__slots__` included
    ("list of", "pkg.Stack", 4, items, attributes)       subclasses of the builtin containers
    ("function", "m.f") ("class", "m.C") ("module", "m")  references by kind and name
    ("opaque", "re.Pattern")                             everything else, by type alone

An instance is an object whose class was made by a class statement, or an exception.

Invariants: no user code runs while a form is built (no `__eq__`, `__hash__`, `__repr__`,
properties); one walk covers one state, so aliasing and cycles are part of the form; the order of
dict entries counts, the order of set elements and of attributes does not. Start with `LiveForm.of`.
"""

from __future__ import annotations

import contextlib
import struct
import types
from typing import Any

Form = tuple[Any, ...]

TYPE_MRO = type.__dict__["__mro__"].__get__
TYPE_DICT = type.__dict__["__dict__"].__get__
TYPE_MODULE = type.__dict__["__module__"].__get__
TYPE_QUALNAME = type.__dict__["__qualname__"].__get__
TYPE_DICT_OFFSET = type.__dict__["__dictoffset__"].__get__

# Subclasses of these show their items; the exact mutable ones are tagged by their name.
CONTAINERS = (list, dict, set, bytearray, tuple, frozenset)


def atom(value: Any) -> Form | None:
    """The form of an atom of an exact builtin type, `None` for anything else."""
    kind = type(value)
    if kind is int or kind is str or kind is bool or kind is bytes:
        return (kind.__name__, value)
    if value is None or value is Ellipsis or value is NotImplemented:
        return ("constant", str(value))
    if kind is float:
        return ("float", float_text(value))
    if kind is complex:
        return ("complex", float_text(value.real), float_text(value.imag))
    if kind is range:
        return ("range", value.start, value.stop, value.step)
    return None


def float_text(value: float) -> str:
    """Exact text of a float: all NaNs are one, the two zeros are two."""
    return "nan" if value != value else struct.pack(">d", value).hex()


def type_name(kind: type) -> str:
    """Module and qualified name of a class, read without running a metaclass."""
    module = TYPE_DICT(kind).get("__module__") if is_heap_type(kind) else TYPE_MODULE(kind)
    name = TYPE_QUALNAME(kind)
    return f"{module}.{name}" if isinstance(module, str) and module != "builtins" else name


def is_heap_type(kind: type) -> bool:
    """Whether the class was made at run time (class statement or `PyType_FromSpec`)."""
    return bool(type.__dict__["__flags__"].__get__(kind) & (1 << 9))


def is_python_class(kind: type) -> bool:
    """Whether a class statement (or a call of `type`) made the class, rather than C code.

    Every type made in C fills slots of its own, and the slots show as wrappers in its namespace.
    """
    if not is_heap_type(kind):
        return False
    members = TYPE_DICT(kind).values()
    wrappers = (m for m in members if type(m) is types.WrapperDescriptorType)
    return not any(wrapper.__objclass__ is kind for wrapper in wrappers)


def slots_of(kind: type) -> list[types.MemberDescriptorType]:
    """The member descriptors that `__slots__` of Python classes created, base classes first."""
    found: list[types.MemberDescriptorType] = []
    for base in reversed(TYPE_MRO(kind)):
        namespace = TYPE_DICT(base)
        if is_python_class(base):
            members = (m for m in namespace.values() if type(m) is types.MemberDescriptorType)
            found.extend(m for m in members if m.__objclass__ is base)
    return found


def dict_descriptor_of(kind: type) -> types.GetSetDescriptorType | None:
    """The descriptor that reads the instance's `__dict__`, past any property of that name."""
    if TYPE_DICT_OFFSET(kind) == 0:
        return None
    for base in TYPE_MRO(kind):
        descriptor = TYPE_DICT(base).get("__dict__")
        if type(descriptor) is types.GetSetDescriptorType:
            return descriptor
    return None


class Kind:
    """What a type means for the form of its instances."""

    def __init__(self, kind: type) -> None:
        mro = TYPE_MRO(kind)
        self.kind = kind  # keeps the type alive, because kinds are found by its address
        self.name = type_name(kind)
        self.is_class = type in mro
        self.container = next((base for base in mro if base in CONTAINERS), None)
        self.slots = slots_of(kind)
        self.dict_descriptor = dict_descriptor_of(kind)
        self.is_exception = BaseException in mro
        self.has_attributes = is_python_class(kind) or self.is_exception
        self.is_opaque = self.container is None and not self.has_attributes

    def attributes(self, value: Any) -> dict[str, Any]:
        """Attributes in `__dict__` and `__slots__`, with `args` for exceptions."""
        found: dict[str, Any] = {}
        if self.is_exception:
            found["args"] = BaseException.__dict__["args"].__get__(value)
        for slot in self.slots:
            with contextlib.suppress(AttributeError):  # an unbound slot
                found[slot.__name__] = slot.__get__(value)
        if self.dict_descriptor is not None:
            found.update(self.dict_descriptor.__get__(value))
        return found


_kinds: dict[int, Kind] = {}


def kind_of(value: Any) -> Kind:
    """The `Kind` of a value's real type, past a `__class__` property."""
    kind = type(value)
    found = _kinds.get(id(kind))
    if found is None:
        found = _kinds[id(kind)] = Kind(kind)
    return found


def function_name(function: Any) -> str:
    """`module.qualname` of a Python function, the qualified name of one in C."""
    if isinstance(function, types.FunctionType) and type(function.__module__) is str:
        return f"{function.__module__}.{function.__qualname__}"
    return function.__qualname__


class LiveForm:
    """One walk over live objects; every value given to one `LiveForm` shares its numbering."""

    def __init__(self) -> None:
        self._number_by_id: dict[int, int] = {}

    def of(self, value: Any) -> Form:
        """The form of a value."""
        form = atom(value)
        if form is not None:
            return form
        exact = type(value)
        if exact is tuple:
            return ("tuple", tuple([self.of(item) for item in value]))
        if exact is frozenset:
            return ("frozenset", self._set_items(value))
        if exact is types.FunctionType or exact is types.BuiltinFunctionType:
            return ("function", function_name(value))
        if exact is types.ModuleType:
            return ("module", types.ModuleType.__dict__["__dict__"].__get__(value)["__name__"])
        kind = kind_of(value)
        if kind.is_class:
            return ("class", type_name(value))
        return ("opaque", kind.name) if kind.is_opaque else self._object(kind, value)

    def _object(self, kind: Kind, value: Any) -> Form:
        seen = self._number_by_id.get(id(value))
        if seen is not None:
            return ("seen", seen)
        number = self._number_by_id[id(value)] = len(self._number_by_id)
        base = kind.container
        if base is None:
            return ("instance", kind.name, number, self._attributes(kind, value))
        items = self._items(base, value)
        if base is kind.kind:
            return (base.__name__, number, items)
        attributes = self._attributes(kind, value) if kind.has_attributes else ()
        return (f"{base.__name__} of", kind.name, number, items, attributes)

    def _items(self, base: type, value: Any) -> Any:
        if base is bytearray:
            return bytes(value)
        if base is dict:
            return tuple([(self.of(key), self.of(item)) for key, item in list(dict.items(value))])
        if base is set or base is frozenset:
            return self._set_items(value)
        return tuple([self.of(item) for item in list(base.__iter__(value))])

    def _set_items(self, value: Any) -> Form:
        """Elements in an order of their own: that of the printed form each has by itself."""
        base = set if kind_of(value).container is set else frozenset
        elements = sorted(base.__iter__(value), key=lambda element: repr(LiveForm().of(element)))
        return tuple([self.of(element) for element in elements])

    def _attributes(self, kind: Kind, value: Any) -> Form:
        attributes = kind.attributes(value)
        return tuple([(name, self.of(attributes[name])) for name in sorted(attributes)])

    def names(self, values: dict[str, Any]) -> Form:
        """The form of a namespace: names in alphabetical order."""
        return tuple([(name, self.of(values[name])) for name in sorted(values)])
