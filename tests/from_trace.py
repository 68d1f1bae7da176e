"""The canonical form (see `canonical`) of what a trace holds, through the public reading API alone.

Start with `sessions`. Aliasing between builtin containers is read off `is`, that between other
objects off `Value.object_id`.
"""

from __future__ import annotations

from typing import Any

import spacetimepy
from canonical import EVENT_LOOPS, Form, atom
from oracle import CallForm, StateForm

EXACT = (list, dict, set, bytearray)

# What files of the operating system keep and tell nobody, and where they lie.
TEXT_FILE = {"buffer", "encoding", "newline"}
OF_TEXT_FILE = {
    *("newline", "decoded_bytes", "decoded_characters", "decoder_state", "pending_bytes"),
}
RAW_FILE = {"mode", "closed", "path"}


def shown_of(value: spacetimepy.Value) -> list[str]:
    """Names of the attributes that the oracle sees too."""
    attributes = value.attributes
    hidden = "__code__" if value.kind == "function" else "__traceback__"
    is_shown = type(attributes.get("__code__")) is spacetimepy.Value
    names = [name for name in sorted(attributes) if name != hidden or is_shown]
    for file, parts in ((TEXT_FILE, OF_TEXT_FILE), (RAW_FILE, {"path"})):
        if file <= attributes.keys():
            names = [name for name in names if name not in parts]
    return names


class TraceForm:
    """One walk over values of a trace; the twin of `canonical.LiveForm`."""

    def __init__(self) -> None:
        self._number: dict[tuple[str, int], int] = {}
        self._alive: list[Any] = []  # numbers go by address, so what was seen must stay

    def of(self, value: Any) -> Form:
        """The form of a value as the reading API gives it."""
        form = atom(value)
        if form is not None:
            return form
        exact = type(value)
        if exact is tuple:
            return ("tuple", tuple([self.of(item) for item in value]))
        if exact is frozenset:
            return ("frozenset", self._set_items(value))
        if exact in EXACT:
            self._alive.append(value)
            return self._numbered("id", id(value), exact.__name__, value)
        return self._value(value)

    def _numbered(self, space: str, key: int, tag: str, value: Any) -> Form:
        seen = self._number.get((space, key))
        if seen is not None:
            return ("seen", seen)
        number = self._number[space, key] = len(self._number)
        return (tag, number, self._items(tag, value))

    def _items(self, tag: str, value: Any) -> Any:
        if tag == "bytearray":
            return bytes(value)
        if tag == "dict":
            return tuple([(self.of(key), self.of(item)) for key, item in value.items()])
        if tag in ("set", "frozenset"):
            return self._set_items(value)
        return tuple([self.of(item) for item in value])

    def _set_items(self, value: Any) -> Form:
        elements = sorted(value, key=lambda element: repr(TraceForm().of(element)))
        return tuple([self.of(element) for element in elements])

    def _value(self, value: spacetimepy.Value) -> Form:
        kind = value.kind
        if kind in ("class", "module") or (kind == "function" and not shown_of(value)):
            return (kind, value.name)
        if kind == "opaque":
            return ("opaque", value.type)
        seen = self._number.get(("object", value.object_id))
        if seen is not None:
            return ("seen", seen)
        number = self._number["object", value.object_id] = len(self._number)
        if kind == "function":
            return ("function of", value.name, number, self._attributes(value))
        if kind == "buffer":
            return (kind, value.type, number, bytes(value), self._attributes(value))
        if kind in ("instance", "enum"):
            plain = () if value.value is None else (self.of(value.value),)
            tag = "value of" if plain and kind == "instance" else kind
            return (tag, value.type, number, *plain, self._attributes(value))
        items = self._items(kind, value)
        return (f"{kind} of", value.type, number, items, self._attributes(value))

    def _attributes(self, value: spacetimepy.Value) -> Form:
        if value.type in EVENT_LOOPS:
            return ()
        attributes = value.attributes
        return tuple([(name, self.of(attributes[name])) for name in shown_of(value)])

    def names(self, values: dict[str, Any]) -> Form:
        """The form of a namespace: names in alphabetical order."""
        return tuple([(name, self.of(values[name])) for name in sorted(values)])


def state_form(state: spacetimepy.State) -> StateForm:
    """The form of one state; locals and globals share one numbering."""
    form = TraceForm()
    return StateForm(state.line, form.names(state.locals), form.names(state.globals))


def call_form(call: spacetimepy.Call, number_by_id: dict[int, int]) -> CallForm:
    """The form of one call with its states."""
    parent = call.parent
    form = CallForm(
        call.qualname,
        None if parent is None else number_by_id[parent.id],
        TraceForm().names(call.arguments),
        # The oracle hears nothing of a suspended generator that is dropped.
        "OPEN" if call.outcome == "DROPPED" else call.outcome,
    )
    if call.outcome == "RETURNED":
        form.value = TraceForm().of(call.value)
    if call.outcome == "RAISED":
        form.exception = TraceForm().of(call.exception)
    form.states = [state_form(state) for state in call.states]
    return form


def sessions(path: str) -> dict[str, list[CallForm]]:
    """The calls of every session of a trace, by the session's name."""
    found: dict[str, list[CallForm]] = {}
    with spacetimepy.open(path) as trace:
        for session in trace.sessions:
            calls = list(session.calls)
            number_by_id = {call.id: number for number, call in enumerate(calls)}
            found[session.name] = [call_form(call, number_by_id) for call in calls]
    return found
