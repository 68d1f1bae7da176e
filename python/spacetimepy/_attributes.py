"""Setting what a restored object holds, past anything its class defines."""

from __future__ import annotations

import collections
import types

from spacetimepy._importing import is_python_class, type_name
from spacetimepy.errors import RestoreError
from spacetimepy.values import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable
    from typing import Any

    from spacetimepy.restoring import Node

    Steps = Generator[Any, Any, Any]

__all__ = ["all_of", "attributes_filler", "contents_of", "set_attributes"]

_MRO = type.__dict__["__mro__"].__get__
_DICT = type.__dict__["__dict__"].__get__


def all_of(parts: Iterable[Any]) -> Steps:
    """The objects of several parts."""
    made = []
    for part in parts:
        made.append((yield part))
    return made


def contents_of(node: Node) -> bytes:
    value = node.value
    return value._graph.contents(value.object_id or 0)


def attributes_filler(node: Node, made: Any, but: tuple[str, ...] = ()) -> Callable[[], Steps]:
    """What sets the attributes of an object that is whole but for them."""

    def fill() -> Steps:
        yield from set_attributes(made, node.attributes, but)

    return fill


def set_attributes(made: Any, attributes: dict[str, Any], but: tuple[str, ...] = ()) -> Steps:
    """Sets slots and the instance dictionary, past anything the class defines.

    Plain values come first: a hash that is asked for in between most often reads those.
    """
    names = [name for name in attributes if name not in but]
    if not names:
        return
    slots, dictionary = _slots_of(type(made)), _dictionary_of(made)
    missing = [name for name in names if name not in slots and dictionary is None]
    if missing:
        raise RestoreError(f"{type_name(type(made))} has no place for the attribute {missing[0]!r}")
    if dictionary is not None:
        dictionary.update(dict.fromkeys(name for name in names if name not in slots))
    for is_plain in (True, False):
        for name in names:
            if (type(attributes[name]) is not Value) is is_plain:
                value = yield attributes[name]
                if name in slots:
                    slots[name].__set__(made, value)
                elif dictionary is not None:
                    dictionary[name] = value


def _slots_of(kind: type) -> dict[str, types.MemberDescriptorType]:
    """The descriptors of `__slots__`, and of what exceptions and default dicts keep in C."""
    is_exception = issubclass(kind, BaseException)
    slots = {}
    for base in reversed(_MRO(kind)):
        if is_exception or base is collections.defaultdict or is_python_class(base):
            for name, member in _DICT(base).items():
                if type(member) is types.MemberDescriptorType:
                    slots[name] = member
    return slots


def _dictionary_of(made: Any) -> dict[str, Any] | None:
    for base in _MRO(type(made)):
        descriptor: Any = _DICT(base).get("__dict__")
        if type(descriptor) in (types.GetSetDescriptorType, types.MemberDescriptorType):
            dictionary: dict[str, Any] | None = descriptor.__get__(made)
            return dictionary
    return None
