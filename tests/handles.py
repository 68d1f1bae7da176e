"""Programs with handles: objects whose state no recorded code reaches, as if it were in C.

`HANDLES` begins each program; the fixture `recorded` of [conftest](conftest.py) runs it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import spacetimepy

HANDLES = """
import io, os, signal, sys, threading, time, weakref
import spacetimepy

class Handle:
    __slots__ = ("__weakref__",)
    __hash__ = None
    def __init__(self, state):
        _states[id(self)] = state
    def state(self):
        return _states[id(self)]
    def set(self, state):
        _states[id(self)] = state
    def __eq__(self, other):
        raise ValueError("compared")
    def __del__(self):
        _states.pop(id(self), None)

_states = {}
options = {}

def restore(payload):
    return Handle(payload)

def main(work, **adapter):
    if len(sys.argv) == 1:
        return work()
    if adapter:
        adapter.setdefault("restore", restore)
        spacetimepy.adapter(Handle, **adapter)
    with spacetimepy.init_monitoring("run.spacetime", **options):
        work()
"""

Recorded = Callable[..., "list[spacetimepy.Call]"]

GRANULARITIES = pytest.mark.parametrize("granularity", ["line", "function"])


def shown(call: spacetimepy.Call, name: str = "handle") -> list[Any]:
    """The payloads of a variable at the states of a call, the reason where there is none."""
    values = [state.locals[name] for state in call.states if name in state.locals]
    return [value.reason if value.fidelity == "opaque" else value.payload for value in values]
