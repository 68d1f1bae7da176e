"""What `spacetime doctor` says about this interpreter: facts, and what recording needs."""

from __future__ import annotations

import os
import platform
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    Check = tuple[str, str, str | None]

__all__ = ["report"]

_VERSIONS = ((3, 12), (3, 13))


def report() -> tuple[list[tuple[str, str]], list[Check]]:
    """Facts by name; and checks: name, what was found, and what helps if it is not well.

    >>> facts, checks = report()
    >>> facts[0][0], checks[0][0]
    ('interpreter', 'version')
    """
    facts = [
        ("interpreter", f"{sys.executable} ({platform.python_implementation()})"),
        ("platform", f"{sys.platform} {platform.machine()}"),
    ]
    checks = [_version(), _tools(), _folder(), _recording()]
    return facts, checks


def _version() -> Check:
    found = platform.python_version()
    if platform.python_implementation() != "CPython" or sys.version_info[:2] not in _VERSIONS:
        return "version", found, "Recording needs CPython 3.12 or 3.13."
    return "version", found, None


def _tools() -> Check:
    """The tool ids of `sys.monitoring`, of which recording takes one."""
    if not hasattr(sys, "monitoring"):
        return "free tool ids", "none: no sys.monitoring", "Use CPython 3.12 or 3.13."
    users = {tool: sys.monitoring.get_tool(tool) for tool in range(6)}
    free = [str(tool) for tool, user in users.items() if user is None]
    if free:
        return "free tool ids", ", ".join(free), None
    taken = ", ".join(str(user) for user in users.values())
    return "free tool ids", f"none, all are taken by {taken}", "Switch one of these tools off."


def _folder() -> Check:
    folder = os.getcwd()
    if os.access(folder, os.W_OK):
        return "this folder", f"{folder} is writable", None
    return "this folder", f"{folder} is not writable", "Give the trace another place with --output."


def _recording() -> Check:
    """Records a call in memory and reads it back."""
    import spacetimepy
    from spacetimepy.recording import record

    def example(number: int) -> int:
        return number + 1

    spacetimepy.line(example)
    try:
        with record(in_memory=True, function="spacetimepy_doctor_records_nothing_else") as session:
            example(41)
            recorder = spacetimepy.recording._active
            assert recorder is not None
            recorder.flush()
            tier, reason = recorder.tier, recorder._native.tier_reason
            with spacetimepy.open(session.path) as trace:
                call = trace.calls("example")[0]
                found = (call.arguments, call.value)
    except spacetimepy.errors.PatternError:
        pass
    except Exception as error:
        return "recording", f"{type(error).__name__}: {error}", "Please report this."
    if found != ({"number": 41}, 42):
        return "recording", f"read back {found}", "Please report this."
    why = f": {reason}" if reason else ""
    return "recording", f"works, by the {tier} tier{why}", None
