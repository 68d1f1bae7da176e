"""Recording in a process that a recorded process started.

The parent's recorder puts a note into the environment of each program that the process starts
(`spacetime-capture`, `processes`). When Python starts there, `spacetimepy_children.pth` beside this
package looks for the note and calls [`start`][spacetimepy._child.start]: the child then records
what the parent was asked to record, into the same trace, in a session that says which call it came
from. A child of which nothing is recorded leaves nothing in the trace.

The `.pth` file catches whatever fails and says so in one line, as where it stands the package may
be missing, broken or of another version. (Its name comes after `spacetimepy.pth`, by which a
development install finds this package.)
"""

from __future__ import annotations

import os

from spacetimepy._isolation import isolate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from spacetimepy.patterns import Selection
    from spacetimepy.recording import Limits

__all__ = ["VARIABLE", "note", "start"]

isolate(globals())

VARIABLE = "SPACETIME_CHILD"

# Between the words of a note; none of them has it.
_SEPARATOR = "\x1f"


def note(
    path: str,
    name: str,
    selection: Selection | None,
    limits: Limits,
    ignore_type_names: Iterable[str] = (),
) -> str | None:
    """What a child needs to know to record: words of the form `NAME=VALUE`.

    >>> from spacetimepy.recording import Limits
    >>> note("/tmp/run.spacetime", "run", None, Limits(max_states=10)).split(_SEPARATOR)
    ['path=/tmp/run.spacetime', 'name=run', 'max_states=10']
    """
    words = [f"path={path}", f"name={name}"]
    words += [f"{name}={limit}" for name, limit in limits._given().items()]
    if selection is not None:
        words += [f"{name}={value}" for name, value in selection.words()]
    words += [f"ignore_type_names={name}" for name in ignore_type_names]
    if any(_SEPARATOR in word or "\0" in word for word in words):
        return None
    return _SEPARATOR.join(words)


def start() -> None:
    """Records this process, if the environment has a note. Other processes do not see the note.

    Raises:
        SpacetimeError: It cannot be recorded.
    """
    text = os.environ.pop(VARIABLE, None)
    if text is None:
        return
    from spacetimepy import recording
    from spacetimepy.errors import RecordingError
    from spacetimepy.patterns import Selection

    try:
        session, call, words = text.split(":", 2)
        given: dict[str, list[str]] = {}
        for word in words.split(_SEPARATOR):
            name, _, value = word.partition("=")
            given.setdefault(name, []).append(value)
        [path], [program_name] = given["path"], given["name"]
        limits = {name: int(given[name][0]) for name in recording.Limits.__slots__ if name in given}
        origin = int(session), int(call) if call else None
    except (KeyError, ValueError):
        raise RecordingError(
            f"the parent process left a note that this version cannot read, {text!r}: "
            "both need the same version of spacetimepy"
        ) from None
    recorder = recording._start(
        path,
        selection=Selection.of_words(given),
        limits=recording.Limits(**limits),
        ignore_type_names=_with_names_in_workers(given.get("ignore_type_names", ())),
        program_name=program_name,
        origin=origin,
    )
    recorder.is_given = True
    recorder._begin_implicit_session()


def _with_names_in_workers(names: Iterable[str]) -> list[str]:
    """Names of types, those of the main program also as workers of `multiprocessing` have them.

    >>> _with_names_in_workers(["__main__.Secret", "set"])
    ['__main__.Secret', 'set', '__mp_main__.Secret']
    """
    names = list(names)
    of_main = [name for name in names if name.startswith("__main__.")]
    others = [f"__mp_main__.{name.removeprefix('__main__.')}" for name in of_main]
    return names + [name for name in others if name not in names]
