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
    ("value of", "pkg.Metres", 5, value, attributes)     subclasses of int, str and the like
    ("enum", "pkg.Color", 6, attributes)                 members of enums
    ("buffer", "memoryview", 8, bytes, attributes)       memory, in C order
    ("function", "m.f") ("class", "m.C") ("module", "m")  references by kind and name
    ("function of", "m.f", 7, attributes)                functions with closure, defaults or dict
    ("opaque", "socket")                                 everything else, by type alone

An instance is an object whose class was made by a class statement, an exception, or of a type in C
that is wholly made of parts that Python code can read (`PARTS`); those are its attributes.

Invariants: no user code runs while a form is built (no `__eq__`, `__hash__`, `__repr__`,
properties); one walk covers one state, so aliasing and cycles are part of the form; the order of
dict entries counts, the order of set elements and of attributes does not. Start with `LiveForm.of`.
"""

from __future__ import annotations

import _io
import _random
import array
import collections
import contextlib
import datetime
import decimal
import enum
import functools
import gc
import io
import operator
import re
import struct
import sys
import types
import typing
from typing import Any

Form = tuple[Any, ...]

TYPE_MRO = type.__dict__["__mro__"].__get__
TYPE_DICT = type.__dict__["__dict__"].__get__
TYPE_MODULE = type.__dict__["__module__"].__get__
TYPE_QUALNAME = type.__dict__["__qualname__"].__get__
TYPE_DICT_OFFSET = type.__dict__["__dictoffset__"].__get__

# Subclasses of these show their items; the exact mutable ones are tagged by their name.
CONTAINERS = (list, dict, set, bytearray, tuple, frozenset, collections.deque)

# Subclasses of these are a value.
PLAIN = (int, float, complex, str, bytes, decimal.Decimal)

DATE = ("year", "month", "day")
TIME = ("hour", "minute", "second", "microsecond", "tzinfo", "fold")

type Alias = int  # for its type
MethodWrapper = type("".__len__)

# What they hold only their reduction tells.
OPERATORS = (operator.attrgetter, operator.itemgetter, operator.methodcaller)

# Attributes that classes written in C give their instances.
DESCRIPTORS = (
    types.MethodDescriptorType,
    types.ClassMethodDescriptorType,
    types.WrapperDescriptorType,
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
)

BUFFERED = (io.BufferedRandom, io.BufferedReader, io.BufferedWriter)

# What files in memory and other streams are at least.
FILE_BASES = ("_IOBase", "_RawIOBase", "_BufferedIOBase", "_TextIOBase")

CODE = (
    *("co_name", "co_qualname", "co_filename", "co_firstlineno"),
    *("co_argcount", "co_posonlyargcount", "co_kwonlyargcount"),
    *("co_varnames", "co_freevars", "co_cellvars", "co_names", "co_consts"),
    *("co_nlocals", "co_stacksize", "co_flags", "co_code", "co_linetable", "co_exceptiontable"),
)

# Types written in C and what their instances are made of.
PARTS: dict[type, tuple[str, ...]] = {
    array.array: ("typecode",),
    classmethod: ("__func__",),
    collections.defaultdict: ("default_factory",),
    collections.deque: ("maxlen",),
    datetime.date: DATE,
    datetime.datetime: (*DATE, *TIME),
    datetime.time: TIME,
    datetime.timedelta: ("days", "seconds", "microseconds"),
    datetime.timezone: (),
    datetime.tzinfo: (),
    functools._lru_cache_wrapper: (),
    functools.partial: ("func", "args", "keywords"),
    _random.Random: ("state", "position"),
    MethodWrapper: ("__name__", "__self__", "__objclass__"),
    **dict.fromkeys(BUFFERED, ("raw",)),
    io.BytesIO: (),
    io.StringIO: (),
    io.FileIO: ("mode", "closed"),
    **dict.fromkeys((getattr(_io, name) for name in FILE_BASES), ()),
    io.TextIOWrapper: ("buffer", "encoding", "errors"),
    memoryview: ("format", "shape", "strides", "readonly", "obj"),
    **dict.fromkeys(OPERATORS, ()),
    property: ("fget", "fset", "fdel"),
    re.Match: ("re", "string", "pos", "endpos", "regs"),
    re.Pattern: ("pattern", "flags"),
    slice: ("start", "stop", "step"),
    staticmethod: ("__func__",),
    types.CellType: ("cell_contents",),
    types.CodeType: CODE,
    types.GenericAlias: ("__origin__", "__args__"),
    types.MethodType: ("__func__", "__self__"),
    types.SimpleNamespace: (),
    types.UnionType: ("__args__",),
    typing.ParamSpec: ("__name__",),
    typing.TypeVar: ("__name__",),
    typing.TypeVarTuple: ("__name__",),
    type(Alias): ("__name__", "__module__"),
}

# Event loops are made of what belongs to the process: descriptors, the number of the thread,
# clocks. They have no attributes here, so that locks and task groups, which hold them, compare.
EVENT_LOOPS = {
    "asyncio.unix_events._UnixSelectorEventLoop",
    "asyncio.windows_events.ProactorEventLoop",
}

# Types whose instances hold one mapping and show it to nobody.
VIEWS = (types.MappingProxyType, type({}.keys()), type({}.values()), type({}.items()))


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

    Every type made in C fills slots of its own, and the slots show in its namespace: as wrappers,
    and `__new__` as a function in C.
    """
    if not is_heap_type(kind):
        return False
    members = TYPE_DICT(kind).values()
    wrappers = (m for m in members if type(m) is types.WrapperDescriptorType)
    new = TYPE_DICT(kind).get("__new__")
    is_made_in_c = type(new) is types.BuiltinFunctionType and new.__self__ is kind
    return not is_made_in_c and not any(wrapper.__objclass__ is kind for wrapper in wrappers)


def slots_of(kind: type) -> list[types.MemberDescriptorType]:
    """The member descriptors that `__slots__` of Python classes created, base classes first."""
    found: list[types.MemberDescriptorType] = []
    for base in reversed(TYPE_MRO(kind)):
        namespace = TYPE_DICT(base)
        if is_python_class(base):
            members = (m for m in namespace.values() if type(m) is types.MemberDescriptorType)
            found.extend(m for m in members if m.__objclass__ is base)
    return found


def dict_descriptor_of(kind: type) -> Any:
    """The descriptor that reads the instance's `__dict__`, past any property of that name."""
    if TYPE_DICT_OFFSET(kind) == 0:
        return None
    for base in TYPE_MRO(kind):
        descriptor = TYPE_DICT(base).get("__dict__")
        if type(descriptor) in (types.GetSetDescriptorType, types.MemberDescriptorType):
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
        self.plain = next((base for base in mro if base in PLAIN), None)
        self.is_enum = issubclass(type(kind), enum.EnumType)
        self.known = next((base for base in mro if base in PARTS), None)
        is_class_statement = is_python_class(kind) or self.is_exception
        self.has_attributes = is_class_statement or self.known is not None or kind in VIEWS
        is_whole = self.has_attributes or self.plain is not None or kind is object
        self.is_opaque = self.container is None and not is_whole

    def attributes(self, value: Any) -> dict[str, Any]:
        """What is in `__dict__`, in `__slots__`, and in the parts of a type in C."""
        found: dict[str, Any] = {}
        if self.name in EVENT_LOOPS:
            return found
        if self.is_exception:
            found |= exception_parts(value)
        if self.known is datetime.timezone:
            names = ("offset", "name")
            found |= zip(names, datetime.timezone.__getinitargs__(value), strict=False)
        elif self.known is _random.Random:
            *words, found["position"] = _random.Random.getstate(value)
            found["state"] = struct.pack("<624I", *words)
        elif self.known in OPERATORS:
            found |= operator_parts(value)
        elif self.known in (io.BytesIO, io.StringIO):
            found |= file_parts(self.known, value)
        elif self.kind in VIEWS:
            found["mapping"] = gc.get_referents(value)[0]
        elif self.known is not None:
            for name in PARTS[self.known]:
                with contextlib.suppress(ValueError):  # an empty cell
                    found[name] = descriptor_of(self.known, name).__get__(value)
        if self.known is io.FileIO or self.known in BUFFERED:
            found |= position_of(self.known, value)
        if self.kind is types.CodeType:
            found["python"] = "{}.{}".format(*sys.version_info)
        if self.container is tuple and type(getattr(self.kind, "_fields", None)) is tuple:
            found["_fields"] = self.kind._fields
        for slot in self.slots:
            with contextlib.suppress(AttributeError):  # an unbound slot
                found[slot.__name__] = slot.__get__(value)
        if self.dict_descriptor is not None:
            found.update(self.dict_descriptor.__get__(value))
        return found


def descriptor_of(kind: type, name: str) -> Any:
    """The descriptor by which a type written in C reads a part, past any subclass."""
    return next(TYPE_DICT(base)[name] for base in TYPE_MRO(kind) if name in TYPE_DICT(base))


def file_parts(base: Any, file: Any) -> dict[str, Any]:
    """What a file in memory holds beside its contents."""
    has_newline = base is io.StringIO
    if TYPE_DICT(base)["closed"].__get__(file):
        return {"closed": True} | ({"newline": None} if has_newline else {})
    state = base.__getstate__(file)
    return {"position": state[-2]} | ({"newline": state[1]} if has_newline else {})


def position_of(base: Any, file: Any) -> dict[str, Any]:
    """Where a file of the operating system is read next."""
    if base is io.FileIO or issubclass(type(file.raw), io.FileIO):
        with contextlib.suppress(ValueError, OSError):  # it is closed, or a pipe
            return {"position": base.tell(file)}
    return {}


def operator_parts(value: Any) -> dict[str, Any]:
    """What an object of the module `operator` holds."""
    kind = type(value)
    if kind is operator.attrgetter:
        _, names = value.__reduce__()
        dotted = tuple(tuple(name.split(".")) if "." in name else name for name in names)
        return {"attrs": dotted}
    if kind is operator.itemgetter:
        _, items = value.__reduce__()
        return {"n_items": len(items), "items": items[0] if len(items) == 1 else items}
    # Keywords are in a partial object.
    found, args = value.__reduce__()
    keywords = getattr(found, "keywords", {})
    args = (*getattr(found, "args", ()), *args)
    held: dict[str, Any] = {"name_and_args": args}
    if sys.version_info < (3, 13):
        held = {"name": args[0], "args": args[1:]}
    return held | ({"kwargs": keywords} if keywords else {})


def exception_parts(error: BaseException) -> dict[str, Any]:
    """What an exception holds outside of its `__dict__`, but for the traceback."""
    found: dict[str, Any] = {"args": BaseException.__dict__["args"].__get__(error)}
    for name in ("__context__", "__cause__"):
        chained = BaseException.__dict__[name].__get__(error)
        if chained is not None:
            found[name] = chained
    if BaseException.__dict__["__suppress_context__"].__get__(error):
        found["__suppress_context__"] = True
    for base in reversed(TYPE_MRO(type(error))):
        if base is not BaseException and not is_python_class(base):
            members = TYPE_DICT(base).items()
            for name, member in members:
                if type(member) is types.MemberDescriptorType:
                    found[name] = member.__get__(error)
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
    """`module.qualname` of a function; that of a method in C begins with its class."""
    owner = getattr(function, "__self__", None)
    if owner is not None and not isinstance(owner, types.ModuleType):
        name = type_name(owner if isinstance(owner, type) else type(owner))
        return f"{name}.{function.__name__}"
    if type(function.__module__) is str and function.__module__ != "builtins":
        return f"{function.__module__}.{function.__qualname__}"
    return function.__qualname__


def plain_value(plain: type, value: Any) -> Any:
    """An instance of a subclass of a plain type as that type; a Decimal as text."""
    if plain is decimal.Decimal:
        return decimal.Decimal.__str__(value)
    if plain is str:
        return str.__str__(value)
    if plain is bytes:
        return bytes.__getitem__(value, slice(None))
    if plain is complex:
        return complex.__pos__(value)
    return plain.__pos__(value)


def memory(value: Any) -> bytes:
    """The bytes of an array or a view, in C order, and those of a file in memory; none of a view
    that was released, and of a file that was closed."""
    try:
        if isinstance(value, io.BytesIO):
            return io.BytesIO.getvalue(value)
        if isinstance(value, io.StringIO):
            return io.StringIO.getvalue(value).encode("utf-8", "surrogatepass")
        return memoryview(value).tobytes()
    except ValueError:
        return b""


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
        if exact is types.FunctionType:
            return self._function(value)
        if issubclass(exact, types.BuiltinFunctionType):
            return self._builtin(value)
        if exact in DESCRIPTORS:
            return ("function", f"{type_name(value.__objclass__)}.{value.__name__}")
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
            if kind.is_enum:
                value_form = (
                    () if kind.plain is None else (self.of(plain_value(kind.plain, value)),)
                )
                return ("enum", kind.name, number, *value_form, self._attributes(kind, value))
            if kind.plain is not None:
                value_form = self.of(plain_value(kind.plain, value))
                return ("value of", kind.name, number, value_form, self._attributes(kind, value))
            if kind.known in (array.array, memoryview, io.BytesIO, io.StringIO):
                return ("buffer", kind.name, number, memory(value), self._attributes(kind, value))
            return ("instance", kind.name, number, self._attributes(kind, value))
        items = self._items(base, value)
        if base is kind.kind and base is not collections.deque:
            return (base.__name__, number, items)
        attributes = self._attributes(kind, value) if kind.has_attributes else ()
        return (f"{base.__name__} of", kind.name, number, items, attributes)

    def _function(self, function: types.FunctionType) -> Form:
        cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
        held: dict[str, Any] = dict(cells)
        if function.__defaults__ is not None:
            held["__defaults__"] = function.__defaults__
        if function.__kwdefaults__ is not None:
            held["__kwdefaults__"] = function.__kwdefaults__
        if function.__module__ is None:
            held |= {"__code__": function.__code__, "__globals__": function.__globals__}
        held |= function.__dict__
        if not held:
            return ("function", function_name(function))
        return self._held("function of", function_name(function), function, held)

    def _builtin(self, function: types.BuiltinFunctionType) -> Form:
        owner = function.__self__
        if isinstance(owner, types.ModuleType | type) or owner is None:
            return ("function", function_name(function))
        return self._held("function of", function_name(function), function, {"__self__": owner})

    def _held(self, tag: str, name: str, value: Any, held: dict[str, Any]) -> Form:
        seen = self._number_by_id.get(id(value))
        if seen is not None:
            return ("seen", seen)
        number = self._number_by_id[id(value)] = len(self._number_by_id)
        return (tag, name, number, self.names(held))

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
