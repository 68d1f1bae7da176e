"""Record a Python program, look at any state of it.

Recording: mark functions with [`function`][spacetimepy.function] or [`line`][spacetimepy.line] and
call [`init_monitoring`][spacetimepy.init_monitoring]; or put [`record`][spacetimepy.record] around
the code; or run `spacetime run script.py`.

>>> import spacetimepy, tempfile
>>> path = tempfile.mkdtemp() + "/run.spacetime"
>>> with spacetimepy.record(path, line="textwrap.dedent"):
...     import textwrap
...     _ = textwrap.dedent("    indented")
>>> trace = spacetimepy.open(path)
>>> trace.call(1).states[0].locals
{'text': '    indented'}

PYTEST_DONT_REWRITE: pytest would warn where this is imported before it loads the plugin.
"""

from __future__ import annotations

from spacetimepy import errors
from spacetimepy._native import __version__
from spacetimepy.adapters import Adapter, adapter
from spacetimepy.decorators import function, line
from spacetimepy.errors import SpacetimeError, TraceError
from spacetimepy.recording import (
    Limits,
    Recorder,
    RecordingSession,
    disable_recording,
    enable_recording,
    end_session,
    init_monitoring,
    pause,
    record,
    recording_context,
    session_context,
    start_session,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from spacetimepy.trace import Branch, Call, CodeVersion, Session, State, Trace, open, view
    from spacetimepy.values import Value

__all__ = [
    "Adapter",
    "Branch",
    "Call",
    "CodeVersion",
    "Limits",
    "Recorder",
    "RecordingSession",
    "Session",
    "SpacetimeError",
    "State",
    "Trace",
    "TraceError",
    "Value",
    "__version__",
    "adapter",
    "disable_recording",
    "enable_recording",
    "end_session",
    "errors",
    "function",
    "init_monitoring",
    "line",
    "open",
    "pause",
    "record",
    "recording_context",
    "session_context",
    "start_session",
    "view",
]

# The reading side is imported when it is first used: a program that only records starts faster.
_MODULE_OF = dict.fromkeys(
    ("Branch", "Call", "CodeVersion", "Session", "State", "Trace", "open", "view"),
    "spacetimepy.trace",
) | {"Value": "spacetimepy.values"}


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_MODULE_OF[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
