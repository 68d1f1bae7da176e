"""The exceptions of this package.

Every message says what was found, what was expected and what helps. All of them derive from
[`SpacetimeError`][spacetimepy.SpacetimeError]; none is raised into a program because it is being
recorded: what goes wrong while recording is reported when the recorder is closed.
"""

from __future__ import annotations

from spacetimepy._isolation import isolate

__all__ = [
    "DamagedTraceError",
    "NotATraceError",
    "NotFoundError",
    "NotSupportedError",
    "PatternError",
    "RecordingError",
    "RestoreError",
    "SpacetimeError",
    "TraceAccessError",
    "TraceError",
    "TraceVersionError",
    "TrustError",
    "UsageError",
]

isolate(globals())


class SpacetimeError(Exception):
    """The base of all exceptions of this package.

    >>> import spacetimepy
    >>> try:
    ...     spacetimepy.open("no such file.spacetime")
    ... except spacetimepy.SpacetimeError as error:
    ...     print(type(error).__name__)
    TraceAccessError
    """

    exit_code: int = 2
    """That of a command which fails so: 2 for misuse, 3 where there is no good trace."""


class TraceError(SpacetimeError):
    """A trace file cannot be read or written.

    >>> import spacetimepy
    >>> issubclass(spacetimepy.errors.NotATraceError, spacetimepy.TraceError)
    True
    """

    exit_code = 3


class TraceAccessError(TraceError, OSError):
    """The operating system refuses: no such file, no permission, a full disk.

    >>> import spacetimepy
    >>> issubclass(spacetimepy.errors.TraceAccessError, OSError)
    True
    """


class NotATraceError(TraceError):
    """The file is something else; it is left as it is.

    >>> import pathlib, spacetimepy, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "notes.txt")
    >>> _ = path.write_text("not a trace")
    >>> try:
    ...     spacetimepy.open(path)
    ... except spacetimepy.errors.NotATraceError:
    ...     print("not a trace")
    not a trace
    """


class TraceVersionError(TraceError):
    """The trace was written in a format that this version does not know.

    >>> import spacetimepy
    >>> issubclass(spacetimepy.errors.TraceVersionError, spacetimepy.TraceError)
    True
    """


class DamagedTraceError(TraceError):
    """A part of the trace does not hold what its checksum promises.

    >>> import spacetimepy
    >>> issubclass(spacetimepy.errors.DamagedTraceError, spacetimepy.TraceError)
    True
    """


class RecordingError(SpacetimeError):
    """Recording cannot begin, or lost something.

    >>> import spacetimepy
    >>> try:
    ...     spacetimepy.start_session()
    ... except spacetimepy.errors.RecordingError as error:
    ...     print(error)
    nothing is being recorded: call spacetimepy.init_monitoring() first
    """

    exit_code = 3


class UsageError(SpacetimeError, ValueError):
    """An argument that makes no sense here.

    >>> import spacetimepy
    >>> try:
    ...     spacetimepy.line(include="x", ignore="x")
    ... except spacetimepy.errors.UsageError as error:
    ...     print(error)
    'x' is both in include and in ignore: leave it out of one of them
    """


class PatternError(UsageError):
    """A pattern that cannot be read, or that matched nothing that ran.

    >>> import spacetimepy
    >>> try:
    ...     spacetimepy.record(line="my..module")
    ... except spacetimepy.errors.PatternError as error:
    ...     print(error)
    'my..module' is not a pattern: there is an empty name between two dots
    """


class NotFoundError(SpacetimeError, LookupError):
    """The trace holds no session, call, state or variable of that name.

    >>> import spacetimepy
    >>> issubclass(spacetimepy.errors.NotFoundError, LookupError)
    True
    """


class NotSupportedError(SpacetimeError, NotImplementedError):
    """Not possible with this interpreter or in this version.

    >>> import spacetimepy
    >>> try:
    ...     spacetimepy.function(track=[input])
    ... except spacetimepy.errors.NotSupportedError as error:
    ...     print(error)
    track: tracked callables are not supported by this version; leave it empty
    """


class RestoreError(SpacetimeError):
    """A recorded value cannot be made again; says which part of it, and why.

    >>> import spacetimepy, tempfile, threading
    >>> @spacetimepy.function
    ... def hold(locks):
    ...     pass
    >>> path = tempfile.mkdtemp() + "/run.spacetime"
    >>> with spacetimepy.init_monitoring(path):
    ...     hold({"main": threading.Lock()})
    >>> lock = spacetimepy.open(path, trust=True).call(1).arguments["locks"]["main"]
    >>> try:
    ...     lock.restore()
    ... except spacetimepy.errors.RestoreError as error:
    ...     print(error)
    value cannot be restored: it has no value apart from the running program (_thread.lock)
    """


class TrustError(SpacetimeError):
    """Values of a trace are to be restored, and the trace is not trusted.

    >>> import spacetimepy, tempfile
    >>> @spacetimepy.function
    ... def greet(error):
    ...     pass
    >>> path = tempfile.mkdtemp() + "/run.spacetime"
    >>> with spacetimepy.init_monitoring(path):
    ...     greet(KeyError(3))
    >>> try:
    ...     spacetimepy.open(path).call(1).arguments["error"].restore()
    ... except spacetimepy.errors.TrustError:
    ...     print("not trusted")
    not trusted
    >>> spacetimepy.open(path, trust=True).call(1).arguments["error"].restore()
    KeyError(3)
    """
