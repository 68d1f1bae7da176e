"""The canonical form of values: what the differential tests compare.

The oracle builds it from live objects (`LiveForm`, here), `from_trace` builds it from a trace. A form
is nested tuples of a tag and plain data, so two forms are compared with `==` and printed with `repr`:

    ("int", 5)  ("float", "-0.0")  ("str", "a")          atoms, by type and exact value
    ("tuple", (item, ...))  ("frozenset", (item, ...))    immutable containers, by content
    ("list", 0, (item, ...))  ("dict", 1, ((key, value), ...))  ("set", 2, (item, ...))
                                                          mutable containers carry a number: the order
                                                          in which the walk first met them
    ("seen", 0)                                           the object met before under that number
    ("instance", "pkg.Point", 3, (("x", item), ...))      attributes by name, `__slots__` included
    ("list of", "pkg.Stack", 4, items, attributes)        subclasses of the builtin containers
    ("function", "f")  ("class", "C")  ("module", "m")    references by kind and name
    ("opaque", "re.Pattern")                              everything else, by type alone

Invariants: no user code runs while a form is built (no `__eq__`, `__hash__`, `__repr__`, properties);
one walk covers one state, so aliasing and cycles are part of the form; the order of dict entries
counts, the order of set elements and of attributes does not. Start with `LiveForm.of`.
"""

from __future__ import annotations

import collections
import struct
import types
from typing import Any

Form = tuple[Any, ...]

TYPE_MRO = type.__dict__["__mro__"].__get__
TYPE_DICT = type.__dict__["__dict__"].__get__
TYPE_MODULE = type.__dict__["__module__"].__get__
TYPE_QUALNAME = type.__dict__["__qualname__"].__get__
TYPE_DICT_OFFSET = type.__dict__["__dictoffset__"].__get__

# The mutable containers and the form's tag of each; a subclass gets the tag plus " of".
NUMBERED = {list: "list", dict: "dict", set: "set", collections.deque: "deque"}
FUNCTION_TYPES = (types.FunctionType, types.BuiltinFunctionType)


def atom(value: Any) -> Form | None:
    """The form of an atom of an exact builtin type, `None` for anything else."""
    kind = type(value)
    if value is None or value is Ellipsis or value is NotImplemented:
        return ("constant", str(value))
    if kind in (bool, int, str, bytes):
        return (kind.__name__, value)
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


def slots_of(kind: type) -> list[types.MemberDescriptorType]:
    """The member descriptors that `__slots__` of Python classes created, base classes first."""
    found: list[types.MemberDescriptorType] = []
    for base in reversed(TYPE_MRO(kind)):
        namespace = TYPE_DICT(base)
        if "__slots__" in namespace and is_heap_type(base):
            members = (m for m in namespace.values() if type(m) is types.MemberDescriptorType)
            found.extend(m for m in members if m.__objclass__ is base)
    return found


def dict_of(value: Any) -> dict[str, Any]:
    """The instance's `__dict__`, past any property or `__getattribute__` of that name."""
    if TYPE_DICT_OFFSET(type(value)) == 0:
        return {}
    for base in TYPE_MRO(type(value)):
        descriptor = TYPE_DICT(base).get("__dict__")
        if type(descriptor) is types.GetSetDescriptorType:
            return descriptor.__get__(value)
    return {}


def attributes_of(value: Any) -> dict[str, Any]:
    """Attributes in `__dict__` and `__slots__`, with `args` for exceptions."""
    found: dict[str, Any] = {}
    if isinstance_exact(value, BaseException):
        found["args"] = BaseException.__dict__["args"].__get__(value)
    for slot in slots_of(type(value)):
        try:
            found[slot.__name__] = slot.__get__(value)
        except AttributeError:
            pass  # an unbound slot
    found.update(dict_of(value))
    return found


def isinstance_exact(value: Any, kind: type) -> bool:
    """`isinstance` by the real type, past a `__class__` property and `__instancecheck__`."""
    return kind in TYPE_MRO(type(value))


def is_instance(value: Any) -> bool:
    """Whether the value has attributes of its own, which makes it an instance and not opaque."""
    kind = type(value)
    if TYPE_DICT_OFFSET(kind) != 0:
        return True
    return any("__slots__" in TYPE_DICT(base) and is_heap_type(base) for base in TYPE_MRO(kind))


class LiveForm:
    """One walk over live objects; every value given to one `LiveForm` shares its numbering."""

    def __init__(self) -> None:
        self._number_by_id: dict[int, int] = {}

    def of(self, value: Any) -> Form:
        """The form of a value."""
        form = atom(value)
        if form is not None:
            return form
        kind = type(value)
        if kind is tuple:
            return ("tuple", tuple(self.of(item) for item in value))
        if kind is frozenset:
            return ("frozenset", self._set_items(value))
        if isinstance_exact(value, type):
            return ("class", type_name(value))
        if kind in FUNCTION_TYPES:
            return ("function", value.__qualname__)
        if kind is types.ModuleType:
            return ("module", types.ModuleType.__dict__["__dict__"].__get__(value)["__name__"])
        return self._object(value)

    def _object(self, value: Any) -> Form:
        kind = type(value)
        base = next((b for b in TYPE_MRO(kind) if b in NUMBERED or b is tuple or b is frozenset), None)
        if base is None and kind is not bytearray and not is_instance(value):
            return ("opaque", type_name(kind))
        seen = self._number_by_id.get(id(value))
        if seen is not None:
            return ("seen", seen)
        number = self._number_by_id[id(value)] = len(self._number_by_id)
        if kind is bytearray:
            return ("bytearray", number, bytes(value))
        if base is None:
            return ("instance", type_name(kind), number, self._attributes(value))
        items = self._items(base, value)
        if base is kind:
            return (NUMBERED[base], number, items)
        return (f"{base.__name__} of", type_name(kind), number, items, self._attributes(value))

    def _items(self, base: type, value: Any) -> Form:
        if base is dict:
            return tuple((self.of(key), self.of(item)) for key, item in list(dict.items(value)))
        if base in (set, frozenset):
            return self._set_items(value)
        return tuple(self.of(item) for item in list(base.__iter__(value)))

    def _set_items(self, value: Any) -> Form:
        """Elements in an order of their own: that of the printed form each has by itself."""
        base = set if isinstance_exact(value, set) else frozenset
        elements = sorted(base.__iter__(value), key=lambda element: repr(LiveForm().of(element)))
        return tuple(self.of(element) for element in elements)

    def _attributes(self, value: Any) -> Form:
        return tuple((name, self.of(item)) for name, item in sorted(attributes_of(value).items()))

    def names(self, values: dict[str, Any]) -> Form:
        """The form of a namespace: names in alphabetical order."""
        return tuple((name, self.of(values[name])) for name in sorted(values))
