"""The extension module: capture, traces and the command line in Rust."""

from collections.abc import Callable, Iterable, Sequence
from types import CodeType
from typing import Any, Literal, TypedDict, final

__all__ = [
    "CallValues",
    "Recorder",
    "RunRequest",
    "StateView",
    "Trace",
    "ValueGraph",
    "__version__",
    "after_fork_in_child",
    "before_fork",
    "end_by_interrupt",
    "forget_frames",
    "globals_of_running",
    "kept_in_c",
    "main",
    "read_file",
]

__version__: str

def main(argv: Sequence[str]) -> int | RunRequest: ...
def forget_frames(n_frames: int) -> bool: ...
def end_by_interrupt() -> bool: ...
def before_fork() -> None: ...
def after_fork_in_child() -> bool: ...
def read_file(path: str) -> tuple[bytes, float] | None: ...
def globals_of_running(code: CodeType) -> dict[str, Any] | None: ...

_ExitKind = Literal["completed", "exit", "exception", "interrupted", "signal", "replaced"]

@final
class RunRequest:
    @property
    def target(self) -> str: ...
    @property
    def is_module(self) -> bool: ...
    @property
    def args(self) -> list[str]: ...
    @property
    def function(self) -> list[str]: ...
    @property
    def line(self) -> list[str]: ...
    @property
    def line_main(self) -> bool: ...
    @property
    def output(self) -> str | None: ...
    @property
    def overwrite(self) -> bool: ...
    @property
    def max_bytes(self) -> int | None: ...
    @property
    def max_states(self) -> int | None: ...
    @property
    def is_json(self) -> bool: ...

@final
class Recorder:
    def __new__(
        cls,
        path: str,
        *,
        in_memory: bool = False,
        overwrite: bool = False,
        max_bytes: int | None = None,
        max_states: int | None = None,
        ignore_types: Sequence[type] = ...,
        on_code: Callable[[CodeType], tuple[str | None, str, str | None, str | None]] | None = None,
        on_exit: Callable[[int], None] | None = None,
        follows_forks: bool = False,
        note_for_children: str | None = None,
        is_child: bool = False,
    ) -> Recorder: ...
    @property
    def path(self) -> str: ...
    @property
    def tier(self) -> str: ...
    @property
    def tier_reason(self) -> str | None: ...
    def set_selector(self, selector: Callable[[CodeType], int] | None) -> None: ...
    def monitor(
        self,
        code: CodeType,
        *,
        line: bool,
        lines: Iterable[int] | None = None,
        include: Sequence[str] = ...,
        ignore: Sequence[str] = ...,
    ) -> None: ...
    def begin_session(
        self,
        name: str | None,
        description: str | None,
        metadata_json: str | None,
        argv: Sequence[str],
        implementation: str,
        commit: str | None,
        origin: tuple[int, int | None] | None = None,
    ) -> int | None: ...
    def session_id(self) -> int: ...
    def describe_empty_session(
        self, name: str | None, description: str | None, metadata_json: str | None
    ) -> bool: ...
    def end_session(self, exit_kind: _ExitKind, message: str | None) -> None: ...
    def discard_session(self) -> None: ...
    @property
    def n_calls(self) -> int: ...
    def last_call_of(self, code: CodeType) -> int | None: ...
    def describe_call(self, number: int, metadata_json: str) -> None: ...
    def describe_session(
        self, name: str, description: str | None, metadata_json: str | None
    ) -> None: ...
    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def flush(self) -> None: ...
    def close(self) -> dict[str, Any]: ...

_Facts = tuple[
    str, str, bool, Literal["exact", "truncated", "opaque", "gap"], str | None, int | None, str
]

def kept_in_c(object: Any) -> tuple[Any, dict[str, Any]]: ...

@final
class ValueGraph:
    def facts(self, id: int) -> _Facts: ...
    def attributes(self, id: int) -> dict[str, Any]: ...
    def items(self, id: int) -> list[Any]: ...
    def entries(self, id: int) -> list[tuple[Any, Any]]: ...
    def contents(self, id: int) -> bytes: ...
    def preview(self, id: int, width: int) -> str: ...
    def version(self, id: int) -> str: ...

@final
class StateView:
    @property
    def id(self) -> int: ...
    @property
    def call(self) -> int: ...
    @property
    def index(self) -> int: ...
    @property
    def kind(self) -> Literal["line", "entry", "exit"]: ...
    @property
    def code(self) -> int: ...
    @property
    def line(self) -> int: ...
    @property
    def clock_ns(self) -> int: ...
    @property
    def gap(self) -> str | None: ...
    def locals(self) -> dict[str, Any]: ...
    def globals(self) -> dict[str, Any]: ...

@final
class CallValues:
    def arguments(self) -> dict[str, Any]: ...
    def globals(self) -> dict[str, Any]: ...
    def result(self) -> Any: ...

class _SessionRow(TypedDict):
    id: int
    name: str
    description: str | None
    metadata_json: str | None
    argv: list[str]
    python: str
    implementation: str
    platform: str
    pid: int
    cwd: str
    commit: str | None
    tier: str
    started_unix_ns: int
    origin_session: int | None
    origin_call: int | None
    first_call: int
    n_calls: int
    n_states: int
    ended_unix_ns: int | None
    exit_kind: _ExitKind | None
    exit_message: str | None

class _CodeRow(TypedDict):
    id: int
    name: str
    qualname: str
    file: str
    first_line: int
    text: str
    hash: str
    file_version: str | None
    commit: str | None

class _CallRow(TypedDict):
    id: int
    session: int
    code: int
    parent: int | None
    thread: int
    task: str | None
    is_line_level: bool
    outcome: Literal["returned", "raised", "open", "dropped"]
    entered_earlier: bool
    n_states: int
    started_ns: int
    wall_ns: int | None
    cpu_ns: int | None

@final
class Trace:
    def __new__(cls, path: str) -> Trace: ...
    def sessions(self) -> list[_SessionRow]: ...
    def session(self, id: int) -> _SessionRow: ...
    def code(self, id: int) -> _CodeRow: ...
    def codes(self, session: int | None) -> list[int]: ...
    def n_calls(
        self, session: int | None, name: str | None, parent: int | None, *, roots: bool = False
    ) -> int: ...
    def calls(
        self,
        session: int | None,
        name: str | None,
        parent: int | None,
        skip: int,
        limit: int,
        *,
        roots: bool = False,
    ) -> list[_CallRow]: ...
    def call(self, id: int) -> _CallRow: ...
    def call_metadata(self, id: int) -> str | None: ...
    def call_values(self, id: int) -> CallValues: ...
    def state(self, id: int) -> StateView: ...
    def state_of_call(self, call: int, index: int) -> StateView: ...
    def stats(self, session: int | None) -> dict[str, Any]: ...
    def sql(
        self, query: str, parameters: Sequence[Any]
    ) -> tuple[list[str], list[tuple[Any, ...]]]: ...
