"""How instances are made again, by the type written in C that they are or extend.

Start with `instance`.
"""

from __future__ import annotations

import array
import ast
import datetime
import functools
import importlib
import inspect
import io
import operator
import re
import struct
import sys
import types
import typing
from _random import Random as _RandomInC
from typing import Any

from spacetimepy._attributes import all_of, attributes_filler, contents_of, set_attributes
from spacetimepy._builders_of_files import PARTS as _PARTS_OF_FILES
from spacetimepy._builders_of_files import raw_file
from spacetimepy._importing import c_base_of, is_python_class, type_name
from spacetimepy.errors import RestoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from spacetimepy.restoring import Node, Restorer

    Steps = Generator[Any, Any, Any]

__all__ = ["array_of_objects", "buffer", "instance"]

_MRO = type.__dict__["__mro__"].__get__
_DICT = type.__dict__["__dict__"].__get__


def instance(restorer: Restorer, node: Node) -> Steps:
    """An instance: by its value, by its parts, or empty and then filled."""
    kind = restorer.names.class_of(node.type)
    base = c_base_of(kind)
    if issubclass(kind, BaseException):
        return (yield from _exception(restorer, node, kind, base))
    if kind is types.CellType:
        return (yield from _cell(restorer, node))
    if issubclass(kind, io.FileIO):
        return (yield from raw_file(restorer, node, kind))
    found = _by_name(restorer, node, kind)
    if found is not None:
        node.attributes = {}
        return found
    names: tuple[str, ...] = ()
    if node.items:
        made = base.__new__(kind, (yield node.items[0]))
    else:
        names, make = next(
            (_PARTS[name] for name in map(type_name, _MRO(base)) if name in _PARTS),
            ((), base.__new__),
        )
        parts = yield from all_of(node.attributes.get(name) for name in names)
        if not _READ_AT_ONCE.isdisjoint(names):
            restorer.finish()
            # Once more: a part may have turned out broken meanwhile.
            parts = yield from all_of(node.attributes.get(name) for name in names)
        made = make(kind, *parts)
    if type(made) is not kind:
        raise RestoreError(f"{node.type} makes an object of {type_name(type(made))} of it")
    if node.type.startswith("pandas."):
        names = (*names, *_LEFT_OUT_OF_PANDAS)
        for name, part in node.attributes.items():
            if type(part) is float and part != part:
                node.attributes[name] = _numpy().nan  # compared by identity
        if "_flags" in node.attributes:
            object.__setattr__(made, "_flags", _flags_of(restorer, node, made))
    return restorer.keep(node, made, attributes_filler(node, made, names))


# Parts that have to be whole: a BlockManager copies its list, a methodcaller its dict, and a file
# asks the one that it reads ahead.
_READ_AT_ONCE = frozenset(("axes", "kwargs", "raw", "buffer"))

# What objects of pandas keep of what they worked out (it is worked out again), and their flags.
_LEFT_OUT_OF_PANDAS = ("_cache", "_references", "_flags")


def _flags_of(restorer: Restorer, node: Node, frame: Any) -> Any:
    """The flags of a frame, which refer to it weakly."""
    flags = restorer.names.find("pandas.core.flags.Flags")
    allows = node.attributes["_flags"].attr("_allows_duplicate_labels")
    return flags(frame, allows_duplicate_labels=allows)


def _by_name(restorer: Restorer, node: Node, kind: type) -> Any:
    """What exists once and is found by its name: `typing.Any`, type variables, cached functions."""
    attributes = node.attributes
    name = attributes.get("_name")
    if kind.__module__ == "typing" and isinstance(name, str) and "__args__" not in attributes:
        found = vars(typing).get(name)
        if type(found) is kind:
            return found
    if type_name(kind) in _FOUND_BY_NAME:
        module, name = attributes.get("__module__"), attributes.get("__name__")
        name = attributes.get("__qualname__", name)
        if not isinstance(module, str) or not isinstance(name, str):
            raise RestoreError(f"of a {node.type} only its name was recorded")
        found = restorer.names.find(f"{module}.{name}")
        if type(found) is not kind:
            raise RestoreError(f"{module}.{name} is no {node.type} any more")
        return found
    return None


_FOUND_BY_NAME = (
    "functools._lru_cache_wrapper",
    "typing.ParamSpec",
    "typing.TypeAliasType",
    "typing.TypeVar",
    "typing.TypeVarTuple",
)


def _cell(restorer: Restorer, node: Node) -> Steps:
    made = types.CellType()

    def fill() -> Steps:
        if "cell_contents" in node.attributes:
            made.cell_contents = yield node.attributes["cell_contents"]

    return restorer.keep(node, made, fill)
    yield


_ERROR = BaseException.__dict__
# The setter of the cause also sets the last one.
_HISTORY = ("args", "__context__", "__cause__", "__suppress_context__")


def _exception(restorer: Restorer, node: Node, kind: Any, base: Any) -> Steps:
    if issubclass(kind, BaseExceptionGroup):
        parts = yield from all_of(node.attributes[name] for name in ("message", "exceptions"))
        made = base.__new__(kind, parts[0], list(parts[1]))
    else:
        made = base.__new__(kind)
    # Of members in C the trace has None also where nothing is set.
    unset = [
        name
        for name, part in node.attributes.items()
        if part is None and any(name in _DICT(c) for c in _MRO(kind) if not is_python_class(c))
    ]
    taken = ("message", "exceptions") if issubclass(kind, BaseExceptionGroup) else ()
    apart = (*_HISTORY, *taken, *unset, "__traceback__")

    def fill() -> Steps:
        yield from set_attributes(made, node.attributes, apart)
        for name in _HISTORY:
            if name in node.attributes:
                _ERROR[name].__set__(made, (yield node.attributes[name]))

    return restorer.keep(node, made, fill)


def _match(kind: type, pattern: Any, string: Any, pos: int, endpos: int, regs: Any) -> Any:
    for find in (pattern.match, pattern.fullmatch, pattern.search):
        found = find(string, pos, endpos)
        if found is not None and found.regs == regs:
            return found
    found = next((m for m in pattern.finditer(string, pos, endpos) if m.regs == regs), None)
    if found is None:
        raise RestoreError("the pattern does not match so any more")
    return found


def _timezone(kind: Any, offset: datetime.timedelta, name: str | None) -> Any:
    if not offset and name is None:
        return datetime.UTC
    return datetime.timezone(offset) if name is None else datetime.timezone(offset, name)


def _datetime(kind: Any, *parts: Any) -> Any:
    return datetime.datetime.__new__(kind, *parts[:-1], fold=parts[-1])


def _time(kind: Any, *parts: Any) -> Any:
    return datetime.time.__new__(kind, *parts[:-1], fold=parts[-1])


def _partial(kind: Any, func: Any, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    base: Any = functools.partial
    made = base.__new__(kind, func)
    base.__setstate__(made, (func, args, keywords, None))  # takes the dict itself
    return made


def _block(kind: Any, placement: Any, values: Any) -> Any:
    is_column = values.ndim == 1 and len(placement) == 1 != len(values)
    return c_base_of(kind).__new__(kind, values, placement, 2 if is_column else values.ndim)


def _pandas_time(kind: Any, value: int, unit: str, tzinfo: Any = None) -> Any:
    return (kind(value, unit=unit, tz=tzinfo) if tzinfo else kind(value, unit=unit)).as_unit(unit)


def _made_of(kind: Any, *parts: Any) -> Any:
    """For types whose `__new__` takes the parts as they were recorded."""
    return c_base_of(kind).__new__(kind, *parts)


def _initialised(kind: Any, *parts: Any) -> Any:
    """For types whose `__init__` in C takes the parts as they were recorded."""
    base = c_base_of(kind)
    made = base.__new__(kind)
    base.__init__(made, *parts)
    return made


_DATE = ("year", "month", "day")
_TIME = ("hour", "minute", "second", "microsecond", "tzinfo", "fold")
_MAPPING = ("mapping",)


# By types in C: the parts that making one takes, and how. Parts not recorded are None.
def _random(kind: Any, state: bytes, position: int) -> Any:
    """A random generator; its state is 624 ints of 32 bits, and how many of them are used up."""
    made = kind.__new__(kind)
    _RandomInC.setstate(made, (*struct.unpack("<624I", state), position))
    return made


_CODE = (
    *("co_argcount", "co_posonlyargcount", "co_kwonlyargcount", "co_nlocals", "co_stacksize"),
    *("co_flags", "co_code", "co_consts", "co_names", "co_varnames", "co_filename", "co_name"),
    *("co_qualname", "co_firstlineno", "co_linetable", "co_exceptiontable"),
    *("co_freevars", "co_cellvars"),
)


def _code(kind: Any, python: str, *parts: Any) -> Any:
    if python != "{}.{}".format(*sys.version_info):
        raise RestoreError(f"it is bytecode of Python {python}")
    n_locals, flags = parts[_CODE.index("co_nlocals")], parts[_CODE.index("co_flags")]
    if n_locals and not flags & inspect.CO_OPTIMIZED:
        raise RestoreError("variables of its comprehensions are hidden, which only a compiler does")
    return types.CodeType(*parts)


def _attribute_getter(kind: Any, attributes: Any) -> Any:
    return kind(*(".".join(name) if type(name) is tuple else name for name in attributes))


def _method_caller(kind: Any, *parts: Any) -> Any:
    name, args, name_and_args, keywords = parts
    return kind(*(name_and_args or (name, *args)), **(keywords or {}))


def _method_wrapper(kind: Any, name: str, owner: Any, objclass: Any) -> Any:
    return _DICT(objclass)[name].__get__(owner)


_PARTS: dict[str, tuple[tuple[str, ...], Callable[..., Any]]] = {
    "_random.Random": (("state", "position"), _random),
    "classmethod": (("__func__",), _initialised),
    "code": (("python", *_CODE), _code),
    "datetime.date": (_DATE, _made_of),
    "datetime.datetime": ((*_DATE, *_TIME), _datetime),
    "datetime.time": (_TIME, _time),
    "datetime.timedelta": (("days", "seconds", "microseconds"), _made_of),
    "datetime.timezone": (("offset", "name"), _timezone),
    "dict_items": (_MAPPING, lambda _, mapping: dict.items(mapping)),
    "dict_keys": (_MAPPING, lambda _, mapping: dict.keys(mapping)),
    "dict_values": (_MAPPING, lambda _, mapping: dict.values(mapping)),
    "functools.partial": (
        ("func", "args", "keywords"),
        _partial,
    ),
    "mappingproxy": (_MAPPING, _made_of),
    "method": (("__func__", "__self__"), _made_of),
    "method-wrapper": (("__name__", "__self__", "__objclass__"), _method_wrapper),
    "numpy.dtype": (("str",), lambda _, text: _dtype(text)),
    "operator.attrgetter": (("attrs",), _attribute_getter),
    "operator.itemgetter": (
        ("n_items", "items"),
        lambda kind, n_items, items: kind(items) if n_items == 1 else kind(*items),
    ),
    "operator.methodcaller": (("name", "args", "name_and_args", "kwargs"), _method_caller),
    "pandas._libs.arrays.NDArrayBacked": (("_ndarray", "_dtype"), _initialised),
    "pandas._libs.internals.Block": (("_mgr_locs", "values"), _block),
    "pandas._libs.internals.BlockManager": (("blocks", "axes"), _made_of),
    "pandas._libs.internals.BlockPlacement": (("indexer",), lambda kind, part: kind(part)),
    "pandas._libs.tslibs.timedeltas._Timedelta": (("_value", "unit"), _pandas_time),
    "pandas._libs.tslibs.timestamps._Timestamp": (("_value", "unit", "tzinfo"), _pandas_time),
    "property": (("fget", "fset", "fdel"), _initialised),
    "re.Match": (("re", "string", "pos", "endpos", "regs"), _match),
    "re.Pattern": (("pattern", "flags"), lambda _, pattern, flags: re.compile(pattern, flags)),
    "slice": (("start", "stop", "step"), _made_of),
    "staticmethod": (("__func__",), _initialised),
    "types.GenericAlias": (("__origin__", "__args__"), _made_of),
    "types.UnionType": (("__args__",), lambda _, args: functools.reduce(operator.or_, args)),
    "zoneinfo.ZoneInfo": (("key",), lambda kind, key: kind(key)),
    **_PARTS_OF_FILES,
}


def buffer(restorer: Restorer, node: Node) -> Steps:
    """An array or a view of memory."""
    kind = restorer.names.class_of(node.type)
    names = [name for name in node.attributes if name in _LAYOUT]
    values = yield from all_of(node.attributes[name] for name in names)
    parts = dict(zip(names, values, strict=True))
    if kind is memoryview:
        made = _memory_view(node, parts)
    elif issubclass(kind, io.BytesIO | io.StringIO):
        made = _file_in_memory(kind, parts, contents_of(node))
    elif issubclass(kind, array.array):
        made = array.array.__new__(kind, parts["typecode"])
        made.frombytes(contents_of(node))
    else:
        made = _array(kind, parts, contents_of(node))
    return restorer.keep(node, made, attributes_filler(node, made, _LAYOUT))


_LAYOUT = (
    *("typecode", "format", "shape", "strides", "readonly", "obj"),
    *("dtype", "base", "offset"),
    *("position", "newline", "closed"),
)


def _file_in_memory(kind: Any, parts: dict[str, Any], contents: bytes) -> Any:
    base: Any = c_base_of(kind)
    made = base.__new__(kind)
    position = parts.get("position", 0)
    if issubclass(base, io.BytesIO):
        base.__setstate__(made, (contents, position, None))
    else:
        text = contents.decode("utf-8", "surrogatepass")
        base.__setstate__(made, (text, parts["newline"], position, None))
    if "closed" in parts:
        base.close(made)
    return made


def _memory_view(node: Node, parts: dict[str, Any]) -> Any:
    """A view of the whole of an object, or of a piece that only one place in it can be."""
    contents, whole = contents_of(node), memoryview(parts["obj"])
    found = whole
    if (whole.format, whole.shape) != (parts["format"], parts["shape"]):
        as_bytes = whole.cast("B")
        at = [n for n in range(len(as_bytes) + 1) if as_bytes[n : n + len(contents)] == contents]
        is_plain = parts["strides"] == memoryview(contents).cast(parts["format"]).strides
        if len(at) != 1 or not is_plain:
            raise RestoreError("which part of the memory this view shows was not recorded")
        found = as_bytes[at[0] : at[0] + len(contents)].cast(parts["format"])
    if parts["readonly"] and not found.readonly:
        found = found.toreadonly()
    if found.tobytes() != contents or found.strides != parts["strides"]:
        raise RestoreError("which part of the memory this view shows was not recorded")
    return found


def _array(kind: Any, parts: dict[str, Any], contents: bytes) -> Any:
    """An array of numpy."""
    numpy = _numpy()
    dtype, shape, strides = _dtype(parts["dtype"]), parts["shape"], parts["strides"]
    new = numpy.ndarray.__new__
    if isinstance(parts["base"], numpy.ndarray) and parts.get("offset") is not None:
        made = new(kind, shape, dtype, parts["base"], parts["offset"], strides)
        if made.tobytes() == contents:
            return made
        raise RestoreError("the array that this one is a view of holds something else")
    for order in ("C", "F"):
        made = new(kind, shape, dtype, order=order)
        if made.strides == strides or made.size <= 1:
            values = numpy.frombuffer(contents, dtype).reshape(shape)
            numpy.ndarray.__setitem__(made, ..., values)
            return made
    raise RestoreError(f"the strides {strides} of an array whose memory was not recorded whole")


def _dtype(text: str) -> Any:
    """The dtype of a text; that of one with fields is a literal."""
    return _numpy().dtype(ast.literal_eval(text) if text.startswith(("{", "(")) else text)


def array_of_objects(restorer: Restorer, node: Node) -> Steps:
    """An array of numpy that holds objects, one after the other."""
    numpy = _numpy()
    shape = (yield node.attributes.get("shape")) or (len(node.items),)
    made = numpy.ndarray.__new__(numpy.ndarray, shape, numpy.dtype("O"))

    def fill() -> Steps:
        items = yield from all_of(node.items)
        for at, item in enumerate(items):
            made.flat[at] = item

    return restorer.keep(node, made, fill)


def _numpy() -> Any:
    return importlib.import_module("numpy")
