"""Recorded values that are not atoms or exact builtin containers.

Atoms (`None`, numbers, str, bytes, ...) and containers whose type is exactly list, tuple, dict,
set, frozenset or bytearray come back from a trace as Python's own. Everything else, from instances
to lists cut at a limit, is a [`Value`][spacetimepy.Value]: a view of what was recorded. Nothing of
the recorded program is imported or run to make one.
"""

from __future__ import annotations

from _io import BytesIO, StringIO
from types import (
    BuiltinFunctionType,
    ClassMethodDescriptorType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodDescriptorType,
    ModuleType,
    WrapperDescriptorType,
)

from spacetimepy import adapters
from spacetimepy._isolation import isolate
from spacetimepy._native import kept_in_c
from spacetimepy.errors import NotFoundError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any, Literal

    from spacetimepy._native import ValueGraph, _Facts

__all__ = ["Value", "same"]

isolate(globals())


class Value:
    """A recorded object that is shown by its parts.

    * instances: `value.attr("x")`, `value.attributes`;
    * subclasses of containers, cut containers: `value[key]`, iteration, `len`, `items()`;
    * functions, classes, modules: `value.name`;
    * exceptions: `value.args`;
    * objects of types with an [`adapter`][spacetimepy.adapter]: `value.payload`.

    `==` compares with other recorded values and with living objects, part by part. Beside an object
    that was recorded by an adapter, a living one is asked by the adapter of its type.

    >>> import spacetimepy, tempfile
    >>> class Queue(list):
    ...     limit = 3
    >>> class Point:
    ...     def __init__(self, x):
    ...         self.x = x
    >>> @spacetimepy.function
    ... def shift(point, queue):
    ...     point.x += 1
    >>> path = tempfile.mkdtemp() + "/run.spacetime"
    >>> with spacetimepy.init_monitoring(path):
    ...     shift(Point(3), Queue([1, 2]))
    >>> call = spacetimepy.open(path).call(1)
    >>> point = call.arguments["point"]
    >>> point.attr("x"), point.fidelity, point == Point(3), point == Point(4)
    (3, 'exact', True, False)
    >>> call.states[1].locals["point"].attr("x")
    4
    >>> list(call.arguments["queue"]), call.arguments["queue"].type
    ([1, 2], 'spacetimepy.values.Queue')
    """

    __slots__ = ("_facts", "_graph", "_id")

    def __init__(
        self, graph: ValueGraph, object_id: int | None, facts: _Facts | None = None
    ) -> None:
        self._graph = graph
        self._id = object_id
        self._facts = facts if facts is not None else graph.facts(object_id or 0)

    @property
    def kind(self) -> str:
        """What it is made of: `instance`, `list`, `function`, `class`, `module`, `adapted`,
        `opaque`, ..."""
        return self._facts[0]

    @property
    def type(self) -> str:
        """The name of its type, as `module.Name`; builtins have no module."""
        return self._facts[1]

    @property
    def fidelity(self) -> Literal["exact", "truncated", "opaque", "gap"]:
        """How much of it was captured."""
        return self._facts[3]

    @property
    def reason(self) -> str | None:
        """Why it was captured less than exactly."""
        return self._facts[4]

    @property
    def object_id(self) -> int | None:
        """The same for the same object, at all times of a session; None if it has no identity."""
        return self._id

    @property
    def version(self) -> str | None:
        """Equal at two times if the object's own contents are equal."""
        return None if self._id is None else self._graph.version(self._id)

    @property
    def preview(self) -> str:
        """A short text in the manner of `repr`."""
        return self._preview(80)

    @property
    def name(self) -> str:
        """The name of a function, class or module; what is known in words of an opaque object."""
        return self._facts[6]

    @property
    def attributes(self) -> dict[str, Any]:
        """Attributes by name."""
        if self._id is None or self.kind == "adapted":
            return {}
        return self._graph.attributes(self._id)

    @property
    def payload(self) -> Any:
        """What the adapter of its type gave; None of objects of other types."""
        items = self._items() if self.kind == "adapted" else ()
        return items[0] if items else None

    @property
    def adapter(self) -> str | None:
        """The type that the adapter which gave the payload is for, as `module.Name`."""
        if self._id is None or self.kind != "adapted":
            return None
        name: str | None = self._graph.attributes(self._id).get("adapter")
        return name

    @property
    def args(self) -> tuple[Any, ...]:
        """The `args` of an exception."""
        return tuple(self.attributes.get("args", ())) if self.kind == "instance" else ()

    @property
    def value(self) -> Any:
        """What an instance of a subclass of int, float, complex, str or bytes is as one of those.

        Of a Decimal its text; of a numpy scalar what its `item()` gives; of others None.
        """
        items = self._items() if self.kind in ("instance", "enum") else ()
        return items[0] if items else None

    @property
    def contents(self) -> str | bytes:
        """What was kept of a str or bytes; what is in a `BytesIO` or `StringIO`; the bytes of an
        array or memory view, in C order."""
        if self._id is None:
            return self._facts[6]
        content = self._graph.contents(self._id)
        is_text = self.kind == "str" or (
            self.kind == "buffer" and "newline" in self._graph.attributes(self._id)
        )
        return content.decode("utf-8", "surrogatepass") if is_text else content

    def restore(self, *, namespaces: Mapping[str, Mapping[str, Any]] | None = None) -> Any:
        """The object itself, made again in this process; a new one each time.

        Imports the modules of its classes and functions, and may run their code: only for values
        of a trace opened by `open(path, trust=True)`.
        [`restore_state`][spacetimepy.restoring.restore_state] restores all variables of a state
        together.

        Args:
            namespaces: Modules by name in which classes and functions are looked up, in place of
                an import; those of a script are in `"__main__"`.

        Raises:
            TrustError: The trace is not trusted.
            RestoreError: A part of it has no value, was not captured, or its class is not the one
                it was.
        """
        from spacetimepy.restoring import restore_value

        return restore_value(self, namespaces=namespaces)

    def attr(self, name: str) -> Any:
        """The value of an attribute.

        Raises:
            NotFoundError: It has no attribute of that name.
        """
        try:
            return self.attributes[name]
        except KeyError:
            known = ", ".join(self.attributes) or "none"
            raise NotFoundError(
                f"{self.type} has no recorded attribute {name!r}; it has {known}"
            ) from None

    def items(self) -> list[tuple[Any, Any]]:
        """Keys and values of a dict."""
        return [] if self._id is None else self._graph.entries(self._id)

    def keys(self) -> list[Any]:
        """Keys of a dict."""
        return [key for key, _ in self.items()]

    def __getitem__(self, key: Any) -> Any:
        if self.kind == "dict":
            for found, value in self.items():
                if type(found) is type(key) and same(found, key):
                    return value
            raise NotFoundError(f"{self.type} has no recorded key {key!r}")
        if self.kind in ("list", "tuple", "deque") and isinstance(key, int | slice):
            try:
                return self._items()[key]
            except IndexError:
                raise NotFoundError(
                    f"{self.type} has no recorded item {key}; it has {len(self)}"
                ) from None
        raise NotFoundError(f"{self.type} has no item {key!r}; attributes are read by .attr()")

    def __iter__(self) -> Iterator[Any]:
        if self.kind == "dict":
            return iter(self.keys())
        if self.kind in ("str", "bytes", "bytearray", "buffer"):
            return iter(self.contents)
        if self.kind in ("list", "tuple", "deque", "set", "frozenset"):
            return iter(self._items())
        raise TypeError(f"a recorded {self.type} has no items; attributes are in .attributes")

    def __len__(self) -> int:
        """The real length, also where fewer items were kept."""
        real = self._facts[5]
        if real is not None and self.fidelity != "exact":
            return real
        return sum(1 for _ in self)

    def __contains__(self, item: object) -> bool:
        return any(same(found, item) for found in self)

    def __bool__(self) -> bool:
        return True

    def __bytes__(self) -> bytes:
        contents = self.contents
        return contents.encode("utf-8", "surrogatepass") if isinstance(contents, str) else contents

    def __eq__(self, other: object) -> bool:
        return same(self, other)

    def __hash__(self) -> int:
        return hash(("spacetimepy.Value", self._id if self._id is not None else id(self)))

    def __repr__(self) -> str:
        return f"<Value {self._preview(60)}>"

    def _preview(self, width: int) -> str:
        if self._id is not None:
            return self._graph.preview(self._id, width)
        if self.kind in ("str", "bytes"):
            return f"{self._facts[6]!r}"[: width - 1] + "…"
        return f"<{self.reason}>"

    def _items(self) -> list[Any]:
        return [] if self._id is None else self._graph.items(self._id)


def same(a: object, b: object) -> bool:
    """Whether two values, recorded or living, are equal part by part, cycles included.

    Of living objects, only what the interpreter itself keeps is read (items, instance
    dictionaries, slots): no `__eq__`, property or other code of a class runs, but for the adapter
    of an object that is compared with one recorded by an adapter of that type.

    >>> nested: list = [1]
    >>> nested.append(nested)
    >>> same(nested, nested), same([1, 2.0], [1, 2]), same(float("nan"), float("nan"))
    (True, False, True)
    """
    seen: set[tuple[int, int]] = set()
    pending: list[tuple[Any, Any]] = [(a, b)]
    # Parts are made on the fly for recorded values; what was compared must not be freed, so that
    # no identity is met twice.
    alive: list[Any] = []
    while pending:
        a, b = pending.pop()
        if a is b:
            continue
        pair = (_identity(a), _identity(b))
        if pair in seen:
            continue
        seen.add(pair)
        alive.append((a, b))
        parts_a, parts_b = _parts_beside(a, b), _parts_beside(b, a)
        if parts_a is None or parts_b is None or parts_a[0] != parts_b[0]:
            return False
        if parts_a[1] != parts_b[1]:
            return False
        if parts_a[0].startswith(("set ", "frozenset ")):
            if not _same_elements(parts_a[2], parts_b[2]):
                return False
            parts_a, parts_b = ("", "", parts_a[3], []), ("", "", parts_b[3], [])
        rest_a, rest_b = [*parts_a[2], *parts_a[3]], [*parts_b[2], *parts_b[3]]
        if len(rest_a) != len(rest_b):
            return False
        pending.extend(zip(rest_a, rest_b, strict=True))
    return True


# What an exception went through, not what it is.
_HISTORY = ("__cause__", "__context__", "__suppress_context__", "__traceback__")

_ATOMS = (int, bool, str, bytes, bytearray, type(None), type(...), type(NotImplemented), range)
_CONTAINERS = (list, tuple, dict, set, frozenset)
_SUPPORTED = (*_CONTAINERS, bytearray, str, bytes, int, float)

# Attributes that classes written in C give their instances.
_DESCRIPTORS = (
    MethodDescriptorType,
    ClassMethodDescriptorType,
    WrapperDescriptorType,
    GetSetDescriptorType,
    MemberDescriptorType,
)

_Parts = tuple[str, object, "list[Any]", "list[Any]"]


def _identity(value: object) -> int:
    if type(value) is Value and value.object_id is not None:
        # Object ids are above all addresses' reach in practice, but the sign keeps them apart.
        return -1 - value.object_id
    return id(value)


def _parts_beside(value: Any, other: Any) -> _Parts | None:
    """The parts of a value that is compared with another."""
    if type(other) is Value and other.kind == "adapted" and type(value) is not Value:
        return _parts_by_adapter(value)
    return _parts(value)


def _parts(value: Any) -> _Parts | None:
    """Kind and type; what must be equal as it is; items; attributes. None: not comparable."""
    kind = type(value)
    if kind is float:
        return "float", value.hex(), [], []
    if kind is complex:
        return "complex", (value.real.hex(), value.imag.hex()), [], []
    if kind in _ATOMS:
        return kind.__name__, value, [], []
    if kind is Value:
        return _parts_of_recorded(value)
    if kind is dict:
        return "dict dict", None, [*value.keys(), *value.values()], []
    if kind in _CONTAINERS:
        return f"{kind.__name__} {kind.__name__}", None, list(value), []
    return _parts_of_living(value)


def _parts_of_recorded(value: Value) -> _Parts | None:
    kind, name = value.kind, value.type
    if value.fidelity != "exact":
        return None
    if kind in ("class", "module"):
        return kind, value.name, [], []
    if kind == "function":
        return _parts_of_function(value.name, value.attributes)
    if kind == "adapted":
        return f"adapted {name}", value.adapter, [value.payload], []
    attributes = value.attributes
    names = sorted(name for name in attributes if name not in _HISTORY)
    held = [attributes[name] for name in names]
    if kind == "dict":
        entries = value.items()
        items = [*(key for key, _ in entries), *(item for _, item in entries)]
        return f"dict {name}", names, items, held
    if kind in ("str", "bytes", "bytearray", "buffer"):
        return f"{kind} {name}", (names, bytes(value)), [], held
    return f"{kind} {name}", names, value._items(), held


def _parts_of_function(name: str, held: dict[str, Any]) -> _Parts:
    names = sorted(held)
    return "function", (name, names), [], [held[part] for part in names]


def _parts_by_adapter(value: Any) -> _Parts | None:
    kind: Any = type(value)
    made = adapters.find_for(kind)
    if made is None:
        return None
    payload, reason = made.ask(value)
    return (f"adapted {_type_name(kind)}", made.name, [payload], []) if reason is None else None


def _parts_of_living(value: Any) -> _Parts | None:
    kind: Any = type(value)
    if kind is FunctionType:
        return _parts_of_function(_name_of_function(value), _held_by_function(value))
    if issubclass(kind, BuiltinFunctionType):
        owner = value.__self__
        is_bound = owner is not None and not isinstance(owner, ModuleType | type)
        return _parts_of_function(_name_in_c(value), {"__self__": owner} if is_bound else {})
    if kind in _DESCRIPTORS:
        return _parts_of_function(f"{_type_name(value.__objclass__)}.{value.__name__}", {})
    if issubclass(kind, type):
        return "class", _type_name(value), [], []
    if issubclass(kind, ModuleType):
        return "module", type.__getattribute__(kind, "__name__") and value.__name__, [], []
    plain, attributes = kept_in_c(value)
    attributes |= _instance_dict(value)
    names = sorted(name for name in attributes if name not in _HISTORY)
    held = [attributes[name] for name in names]
    name = _type_name(kind)
    if plain is not None:
        return f"{_kind_of_living(kind)} {name}", names, [plain], held
    if kind is memoryview or name in ("array.array", "numpy.ndarray"):
        return f"buffer {name}", (names, _memory(value)), [], held
    if issubclass(kind, BytesIO | StringIO):
        return f"buffer {name}", (names, _memory(value)), [], held
    base: Any
    for base in kind.__mro__:
        if base in _CONTAINERS or _type_name(base) == "collections.deque":
            if base is dict:
                items = [*dict.keys(value), *dict.values(value)]
            else:
                items = list(base.__iter__(value))
            return f"{base.__name__} {name}", names, items, held
    return f"{_kind_of_living(kind)} {name}", names, [], held


def _name_of_function(function: FunctionType) -> str:
    module, name = function.__module__, function.__qualname__
    return name if type(module) is not str else f"{module}.{name}"


def _held_by_function(function: FunctionType) -> dict[str, Any]:
    """Where its code begins, with the name of that where it is another one, variables, defaults and
    attributes, by the names that a trace has for them."""
    code = function.__code__
    is_named_so = code.co_qualname == function.__qualname__
    held: dict[str, Any] = {
        "__code__": (code.co_firstlineno, *(() if is_named_so else (code.co_qualname,)))
    }
    if function.__module__ is None:  # `exec` made it
        held = {"__code__": code, "__globals__": function.__globals__}
    held |= dict(zip(code.co_freevars, function.__closure__ or (), strict=True))
    if function.__defaults__ is not None:
        held["__defaults__"] = function.__defaults__
    if function.__kwdefaults__ is not None:
        held["__kwdefaults__"] = function.__kwdefaults__
    return held | function.__dict__


def _name_in_c(function: Any) -> str:
    """The name of a function in C: after its module, or the class that it is a method of."""
    owner = function.__self__
    name = function.__name__
    if owner is None or isinstance(owner, ModuleType):
        module = function.__module__
        return name if module in (None, "builtins") else f"{module}.{name}"
    return f"{_type_name(owner if isinstance(owner, type) else type(owner))}.{name}"


def _memory(array: Any) -> bytes:
    try:
        if isinstance(array, BytesIO):
            return BytesIO.getvalue(array)
        if isinstance(array, StringIO):
            return StringIO.getvalue(array).encode("utf-8", "surrogatepass")
        return bytes(array.tobytes())
    except ValueError:  # a view that was released, a file that was closed
        return b""


def _kind_of_living(kind: type) -> str:
    metatypes: Any = type(kind).__mro__
    is_enum = any(_type_name(base) == "enum.EnumType" for base in metatypes)
    return "enum" if is_enum else "instance"


def _type_name(kind: type) -> str:
    module = type.__dict__["__module__"].__get__(kind)
    return kind.__qualname__ if module == "builtins" else f"{module}.{kind.__qualname__}"


def _instance_dict(value: object) -> dict[str, Any]:
    """The instance dictionary, read as the interpreter keeps it."""
    for base in type(value).__mro__:
        descriptor: Any = base.__dict__.get("__dict__")
        if type(descriptor) in (GetSetDescriptorType, MemberDescriptorType):
            return dict(descriptor.__get__(value) or {})
    return {}


def _same_elements(a: list[Any], b: list[Any]) -> bool:
    """Whether two sets hold equal elements; few of them are anything but atoms."""
    if len(a) != len(b):
        return False
    rest = [x for x in b if type(x) not in _ATOMS]
    atoms = {(type(x), x) for x in b if type(x) in _ATOMS}
    for element in a:
        if type(element) in _ATOMS:
            if (type(element), element) not in atoms:
                return False
            continue
        match = next((i for i, other in enumerate(rest) if same(element, other)), None)
        if match is None:
            return False
        del rest[match]
    return True
