"""How each kind of recorded object is made again.

Start with `build`. A builder is a generator: it yields parts of the graph and is sent the objects
made of them. Those of objects that can change make the object empty, hand it to `Restorer.keep`
and fill it in a second generator, so that cycles close. Constructors that run are those of types
written in C; what they do not take is set through the descriptors of the class.
"""

from __future__ import annotations

import collections
import contextlib
import copy
from typing import Any

from spacetimepy import _builders_in_c, _builders_of_functions, adapters
from spacetimepy._attributes import all_of, attributes_filler, contents_of, set_attributes
from spacetimepy._importing import c_base_of, type_name
from spacetimepy.errors import RestoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from spacetimepy.restoring import Node, Restorer

    Steps = Generator[Any, Any, Any]

__all__ = ["build"]

# Their hash and equality run nothing of a program and never change.
_PLAIN = (int, str, bytes, float, complex, bool, type(None), type(...), range)


def build(restorer: Restorer, node: Node) -> Steps:
    """The steps that make the object of a node."""
    builder = _BUILDERS.get(node.kind)
    if builder is None:
        raise RestoreError(f"an object of kind {node.kind} ({node.type}) has no value to restore")
    return builder(restorer, node)


def _class_of(restorer: Restorer, node: Node, exact: type) -> Any:
    """The class of a node, most often a builtin."""
    if node.type == exact.__name__ or node.type == type_name(exact):
        return exact
    return restorer.names.class_of(node.type)


def _str(restorer: Restorer, node: Node) -> Steps:
    return contents_of(node).decode("utf-8", "surrogatepass")
    yield


def _bytes(restorer: Restorer, node: Node) -> Steps:
    return contents_of(node)
    yield


def _bytearray(restorer: Restorer, node: Node) -> Steps:
    kind = _class_of(restorer, node, bytearray)
    made = bytearray.__new__(kind)
    bytearray.extend(made, contents_of(node))
    return restorer.keep(node, made, attributes_filler(node, made))
    yield


def _list(restorer: Restorer, node: Node) -> Steps:
    if node.type == "numpy.ndarray":
        return (yield from _builders_in_c.array_of_objects(restorer, node))
    made = list.__new__(_class_of(restorer, node, list))

    def fill() -> Steps:
        items = yield from all_of(node.items)
        yield from set_attributes(made, node.attributes)
        list.extend(made, items)

    return restorer.keep(node, made, fill)
    yield


def _deque(restorer: Restorer, node: Node) -> Steps:
    made = collections.deque.__new__(_class_of(restorer, node, collections.deque))
    collections.deque.__init__(made, (), node.attributes.get("maxlen"))

    def fill() -> Steps:
        items = yield from all_of(node.items)
        yield from set_attributes(made, node.attributes, but=("maxlen",))
        collections.deque.extend(made, items)

    return restorer.keep(node, made, fill)
    yield


def _set(restorer: Restorer, node: Node) -> Steps:
    made = set.__new__(_class_of(restorer, node, set))

    def fill() -> Steps:
        items = yield from all_of(node.items)
        yield from set_attributes(made, node.attributes)

        def add() -> None:
            set.clear(made)
            set.update(made, items)
            _check_size(set.__len__(made), items, "elements")

        _fill_hashing(restorer, node, items, add)

    return restorer.keep(node, made, fill)
    yield


def _dict(restorer: Restorer, node: Node) -> Steps:
    kind = _class_of(restorer, node, dict)
    base = c_base_of(kind)
    made = base.__new__(kind)

    def fill() -> Steps:
        keys = yield from all_of(key for key, _ in node.entries)
        values = yield from all_of(value for _, value in node.entries)
        yield from set_attributes(made, node.attributes)

        def put() -> None:
            # The C type's own: an ordered dict keeps its order beside the entries.
            base.clear(made)
            for key, value in zip(keys, values, strict=True):
                base.__setitem__(made, key, value)
            _check_size(dict.__len__(made), keys, "keys")

        _fill_hashing(restorer, node, keys, put)

    return restorer.keep(node, made, fill)
    yield


def _fill_hashing(
    restorer: Restorer, node: Node, hashed: list[Any], fill: Callable[[], None]
) -> None:
    if all(type(item) in _PLAIN for item in hashed):
        fill()
    else:
        restorer.fill_late(node, fill)


def _check_size(size: int, hashed: list[Any], what: str) -> None:
    if size != len(hashed):
        raise RestoreError(f"{what} that were different objects are equal now")


def _tuple(restorer: Restorer, node: Node) -> Steps:
    items = yield from all_of(node.items)
    fields = yield node.attributes.get("_fields")
    if fields is not None and not restorer.names.is_class(node.type):
        kind = restorer.names.named_tuple(node.type, fields)
    else:
        kind = _class_of(restorer, node, tuple)
    if kind is tuple:
        return tuple(items)
    if fields is not None and fields != kind._fields:
        raise RestoreError(f"{node.type} has other fields now")
    if c_base_of(kind) is tuple:
        made = tuple.__new__(kind, items)
    elif kind.n_fields == kind.n_sequence_fields:  # a struct sequence such as time.struct_time
        made = kind(items)
    else:
        raise RestoreError(f"{node.type} has fields beside its items, which were not recorded")
    return restorer.keep(node, made, attributes_filler(node, made, but=("_fields",)))


def _frozenset(restorer: Restorer, node: Node) -> Steps:
    items = yield from all_of(node.items)
    kind = _class_of(restorer, node, frozenset)
    if any(type(item) not in _PLAIN for item in items):
        restorer.finish()  # what a hash reads must be there
    made = frozenset.__new__(kind, items)
    _check_size(frozenset.__len__(made), items, "elements")
    if kind is frozenset:
        return made
    return restorer.keep(node, made, attributes_filler(node, made))


def _instance(restorer: Restorer, node: Node) -> Steps:
    return (yield from _builders_in_c.instance(restorer, node))


def _enum(restorer: Restorer, node: Node) -> Steps:
    kind = restorer.names.class_of(node.type)
    name = yield node.attributes.get("_name_")
    value = yield node.attributes.get("_value_")
    node.attributes, node.items = {}, []
    member = kind._member_map_.get(name)
    if member is None:
        member = kind(value)  # a combination of flags
    if type(value) in _PLAIN and (type(member._value_), member._value_) != (type(value), value):
        raise RestoreError(f"{node.type}.{name} has another value now")
    return member


def _class(restorer: Restorer, node: Node) -> Steps:
    name = node.value.name
    fields = yield node.attributes.get("_fields")
    if fields is None or restorer.names.is_class(name):
        kind = restorer.names.class_of(name)
    else:
        kind = restorer.names.named_tuple(name, fields)
    if fields is not None and fields != getattr(kind, "_fields", None):
        raise RestoreError(f"{name} has other fields now")
    return kind


def _module(restorer: Restorer, node: Node) -> Steps:
    return restorer.names.module(node.value.name)
    yield


def _adapted(restorer: Restorer, node: Node) -> Steps:
    yield from all_of(node.items)  # says which part was not captured
    name = node.attributes["adapter"]
    found = adapters.find(name)
    if found is None:
        # The module of a type may register its adapter.
        with contextlib.suppress(RestoreError):
            restorer.names.find(name)
        found = adapters.find(name)
    if found is None:
        raise RestoreError(
            f"it was recorded by an adapter of {name}, which this process does not have: "
            "register it by spacetimepy.adapter()"
        )
    # Not those objects: what has keys that hash late is not filled yet. The graph shares its own.
    payload = copy.deepcopy(node.value.payload)
    kind = found.kind if node.type == name else restorer.names.class_of(node.type)
    made = found.restore(kind, payload)
    if type_name(type(made)) != node.type:
        raise RestoreError(f"the adapter of {name} made a {type_name(type(made))}")
    return made


_BUILDERS: dict[str, Callable[[Restorer, Node], Steps]] = {
    "adapted": _adapted,
    "bytearray": _bytearray,
    "buffer": _builders_in_c.buffer,
    "bytes": _bytes,
    "class": _class,
    "deque": _deque,
    "dict": _dict,
    "enum": _enum,
    "frozenset": _frozenset,
    "function": _builders_of_functions.function,
    "instance": _instance,
    "list": _list,
    "module": _module,
    "set": _set,
    "str": _str,
    "tuple": _tuple,
}
