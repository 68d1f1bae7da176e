"""Decorators, sessions, and switching recording off; and values as they come back."""

from __future__ import annotations

import enum
import io
import json
import operator
import os
import re
import subprocess
import sys
import threading
import weakref
from array import array
from collections import OrderedDict, defaultdict, deque, namedtuple
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
import spacetimepy
from conftest import Run
from spacetimepy.errors import NotFoundError, NotSupportedError, RecordingError, UsageError
from spacetimepy.values import same


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "run.spacetime")


@spacetimepy.function
def add(a: int, b: int = 2) -> int:
    return a + b


class Thing:
    @spacetimepy.function
    @staticmethod
    def static(x: int) -> int:
        return x

    @classmethod
    @spacetimepy.function
    def of_class(cls, x: int) -> int:
        return x

    @spacetimepy.line
    @property
    def size(self) -> int:
        return 7


def put_at_its_address(held: list[Any], make: Any, n: int) -> None:
    """Puts another object where the first was; at its address, if that is to be had."""
    address = id(held[0])
    for _ in range(50):
        held.pop()
        held.append(make(n))
        if id(held[0]) == address:
            break


def change_out_of_sight(make: Any) -> list[Any]:
    held = [make(0)]
    put_at_its_address(held, make, 1)
    n = 1
    put_at_its_address(held, make, 2)
    n = 2  # noqa: F841
    return held


@pytest.mark.parametrize(
    "make",
    [
        lambda n: (n, 1, 2, 3, 4, 5, 6, 7, 8, -n),
        lambda n: frozenset({n, -n}),
        lambda n: timedelta(days=n),
        lambda n: [n],
        lambda n: SimpleNamespace(n=n),
        lambda n: operator.itemgetter(n) if n % 2 else threading.Lock(),
    ],
)
def test_what_is_made_at_a_used_address_is_not_taken_for_what_was_there(
    path: str, make: Any
) -> None:
    with spacetimepy.record(path, line="change_out_of_sight"):
        change_out_of_sight(make)
    with spacetimepy.open(path) as trace:
        states = trace.calls("change_out_of_sight")[0].states
        seen = [state.locals["held"][0] for state in states if "held" in state.locals]
    made = [make(n) for n in (0, 1, 1, 2, 2)]
    if isinstance(made[1], operator.itemgetter):
        kinds = [type(object_).__name__ for object_ in made]
        assert [value.type.rpartition(".")[2] for value in seen] == kinds
    else:
        assert all(value == object_ for value, object_ in zip(seen, made, strict=True)), seen


def test_a_decorator_returns_what_it_was_given() -> None:
    def f() -> None: ...

    assert spacetimepy.line(f) is f
    assert spacetimepy.function(include=["x"])(f) is f


def test_methods_of_every_kind_are_recorded(path: str) -> None:
    with spacetimepy.init_monitoring(path):
        assert (Thing.static(1), Thing.of_class(2), Thing().size) == (1, 2, 7)
    calls = spacetimepy.open(path).calls()
    assert [(call.qualname, call.value) for call in calls] == [
        ("Thing.static", 1),
        ("Thing.of_class", 2),
        ("Thing.size", 7),
    ]


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"include": "x", "ignore": ["x"]}, UsageError, "both in include and in ignore"),
        ({"include": [3]}, UsageError, "include"),
        ({"include": "self.x"}, UsageError, "include: 'self.x' is a dotted path"),
        ({"ignore": ["x", "point.*"]}, UsageError, r"ignore: 'point\.\*' is a dotted path"),
        ({"lines": 5}, UsageError, "lines"),
        ({"lines": [1]}, UsageError, "line 1 has no code in"),
        ({"track": ["clock"]}, NotSupportedError, "track"),
        ({"return_hooks": [print]}, NotSupportedError, "return_hooks"),
    ],
)
def test_a_senseless_option_is_refused(
    options: dict[str, Any], error: type[Exception], words: str
) -> None:
    def f() -> None: ...

    with pytest.raises(error, match=words):
        spacetimepy.line(**options)(f)


@pytest.mark.parametrize("target", [Thing, print, 3])
def test_what_has_no_code_is_refused(target: object) -> None:
    with pytest.raises(UsageError, match=r"class|no Python code"):
        spacetimepy.line(target)


def test_the_first_session_of_the_program_is_the_first_of_the_trace(path: str) -> None:
    with spacetimepy.init_monitoring(path):
        with spacetimepy.session_context("one", metadata={"k": 1}):
            add(1)
        add(100)
        with spacetimepy.session_context("two"):
            add(2)
    trace = spacetimepy.open(path)
    assert [(s.id, s.name) for s in trace.get_session()] == [(1, "one"), (2, "two")]
    assert trace.session(1).metadata == {"k": 1}
    assert [c.arguments["a"] for c in trace.calls("add")] == [1, 2]


def test_without_sessions_there_is_one(path: str) -> None:
    with spacetimepy.init_monitoring(path):
        add(1)
    assert [len(session.calls) for session in spacetimepy.open(path).sessions] == [1]


def test_sessions_do_not_nest(path: str) -> None:
    with (
        spacetimepy.init_monitoring(path),
        spacetimepy.session_context("one"),
        pytest.raises(RecordingError, match="still open"),
    ):
        spacetimepy.start_session("two")


def test_one_recorder_at_a_time(path: str) -> None:
    with (
        spacetimepy.init_monitoring(path),
        pytest.raises(RecordingError, match="already recorded into"),
    ):
        spacetimepy.init_monitoring(path + "2")
    with spacetimepy.init_monitoring(path + "3"):
        add(1)
    assert len(spacetimepy.open(path + "3").calls("add")) == 1


def test_pauses_nest(path: str) -> None:
    with spacetimepy.init_monitoring(path):
        with spacetimepy.pause():
            add(1)
            with spacetimepy.recording_context(enabled=True):
                add(2)
            add(3)
        add(4)
        spacetimepy.disable_recording()
        add(5)
        spacetimepy.enable_recording()
        add(6)
    assert [c.arguments["a"] for c in spacetimepy.open(path).calls("add")] == [2, 4, 6]


def test_a_call_may_end_in_a_pause(path: str) -> None:
    @spacetimepy.line
    def pause_and_return() -> list[int]:
        kept = [1]
        spacetimepy.disable_recording()
        return kept

    @spacetimepy.line
    def after(items: list[int]) -> int:
        items.append(2)
        return len(items)

    with spacetimepy.init_monitoring(path):
        kept = pause_and_return()
        spacetimepy.enable_recording()
        globals()["something_new"] = object()
        after(kept)
    del globals()["something_new"]
    ended, called = spacetimepy.open(path).calls()
    assert ended.outcome == "DROPPED"  # its end was not seen
    assert called.parent is None and called.value == 2


def test_a_call_recorded_from_its_middle_says_so(path: str) -> None:
    @spacetimepy.line
    def outer(number: int) -> int:
        number += 1
        spacetimepy.enable_recording()
        return add(number)

    with spacetimepy.init_monitoring(path):
        spacetimepy.disable_recording()
        outer(1)
    calls = spacetimepy.open(path).calls()
    assert [(c.name, c.entered_earlier, list(c.arguments.values())) for c in calls] == [
        ("outer", True, [2]),
        ("add", False, [2, 2]),
    ]


APPENDING = """
import sys
import spacetimepy

def change(items, item):  # is not recorded
    items.append(item)

def first(items):
    change(items, 1)

def then(items):
    change(items, 2)
    change(items, 3)

path = sys.argv[1]
"""

ORDERS = {
    "another recording": """
with spacetimepy.record(path, function=["first"]):
    first([0])
with spacetimepy.record(path, line=["then"]):
    then([5])
""",
    "lines are asked for later": """
with spacetimepy.record(path, function=["first"]):
    first([0])
    spacetimepy.line(then)
    then([5])
""",
    "lines of a function already recorded": """
with spacetimepy.record(path, function=["then"]):
    then([0])
    spacetimepy.line(then)
    then([5])
""",
}


@pytest.mark.parametrize("order", ORDERS)
def test_lines_see_changes_whatever_was_recorded_before(path: str, order: str) -> None:
    """Code that is not recorded is of no interest to function granularity, but is to lines."""
    program = Path(path).with_name("program.py")
    program.write_text(APPENDING + ORDERS[order])
    subprocess.run([sys.executable, str(program), path], check=True)
    states = spacetimepy.open(path).calls("then")[-1].states
    assert [state.locals["items"] for state in states] == [[5], [5, 2]]


look_at = len


@spacetimepy.line
def looks_twice(items: list[int]) -> int:
    look_at(items)
    return 0


def test_a_name_is_judged_anew_in_each_session(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls of a global name that changes nothing are not looked at, while that holds."""
    with spacetimepy.init_monitoring(path):
        with spacetimepy.session_context("harmless"):
            looks_twice([1])
        monkeypatch.setattr(sys.modules[__name__], "look_at", list.clear)
        with spacetimepy.session_context("not any more"):
            looks_twice([2])
    states = [call.states for call in spacetimepy.open(path).calls("looks_twice")]
    assert [[state.locals["items"] for state in some] for some in states] == [[[1], [1]], [[2], []]]


def test_between_sessions_nothing_is_recorded(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither what happens to names that were recorded, nor calls after a pause."""
    with spacetimepy.init_monitoring(path):
        with spacetimepy.session_context("first"):
            looks_twice([1])
        monkeypatch.setattr(sys.modules[__name__], "look_at", [1, 2, 3].__contains__)
        with spacetimepy.pause():
            pass
        looks_twice([2])
        with spacetimepy.session_context("second"):
            looks_twice([3])
    trace = spacetimepy.open(path)
    arguments = [call.arguments["items"] for call in trace.calls("looks_twice")]
    assert (len(trace.sessions), arguments) == (2, [[1], [3]])


def test_a_trace_in_memory_is_read_by_its_path() -> None:
    with spacetimepy.init_monitoring(in_memory=True) as recorder:
        add(1)
        recorder.flush()
        assert spacetimepy.open(recorder.path).calls("add")[0].value == 3
    assert not Path(recorder.path).exists()


def test_a_program_that_ends_without_closing_has_a_complete_trace(tmp_path: Path) -> None:
    program = tmp_path / "p.py"
    program.write_text(
        "import spacetimepy\nspacetimepy.init_monitoring()\n"
        "@spacetimepy.line\ndef f(x):\n    return 1 / x\nf(1)\nf(0)\n"
    )
    done = subprocess.run([sys.executable, program], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.rstrip().endswith("division by zero")
    session = spacetimepy.open(tmp_path / "p.spacetime").sessions[0]
    assert (session.ending, session.message) == (
        "exception",
        "ZeroDivisionError: division by zero",
    )
    assert [call.outcome for call in session.calls] == ["RETURNED", "RAISED"]


Pair = namedtuple("Pair", "a b")


class Color(enum.Enum):
    RED = 1


class Metres(float):
    pass


class Tag(str):
    pass


class Slots:
    __slots__ = ("x", "y")

    def __init__(self) -> None:
        self.x = 1


@dataclass
class Point:
    x: float
    tags: list[str]


class Bag(dict):  # type: ignore[type-arg]
    pass


@spacetimepy.function
def hold(value: object) -> None: ...


def recorded(value: object, path: str) -> Any:
    with spacetimepy.init_monitoring(path, overwrite=True):
        hold(value)
    return spacetimepy.open(path).calls("hold")[0].arguments["value"]


def counter(start: int, *, step: int = 1) -> Any:
    def count(by: list[int] | None = None) -> int:
        nonlocal start
        start += step
        return start

    return count


NESTED: list[Any] = [1, {"k": (1, 2.5, None)}]
NESTED.append(NESTED)


def name_of(value: object) -> str:
    return f"{type(value).__name__} {str(value)[:20]!a}"


@pytest.mark.parametrize(
    "value",
    [
        None, True, 1, -(2**63), 2**200, -(2**64), 1.5, float("nan"), -0.0, 1 + 2j, "é\ud800", "",
        b"\x00\xff", bytearray(b"ab"), ..., range(1, 9, 2), (1, (2, [3])), [], [[1], [2]],
        {1: "a", (1, 2): [3]}, {1, "a", (2, 3)}, frozenset({1, frozenset({2})}), "long" * 5000,
        b"long" * 5000, list(range(5000)), tuple(range(5000)), NESTED,
    ],
    ids=name_of,
)  # fmt: skip
def test_atoms_and_builtin_containers_come_back_as_they_were(value: object, path: str) -> None:
    found = recorded(value, path)
    assert type(found) is type(value)
    assert same(found, value), found


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (Pair(1, [2]), "tuple"),
        (Color.RED, "enum"),
        (Metres(1.5), "instance"),
        (Tag("long" * 100), "instance"),
        (Decimal("-1.50"), "instance"),
        (deque([1, [2]], maxlen=4), "deque"),
        (defaultdict(list, a=[1]), "dict"),
        (datetime(2024, 1, 2, 3, tzinfo=UTC), "instance"),
        (timedelta(hours=30), "instance"),
        (timezone(timedelta(hours=2), "there"), "instance"),
        (UUID(int=5), "instance"),
        (Path("a/b"), "instance"),
        (re.compile("a+"), "instance"),
        (slice(1, None, 2), "instance"),
        (partial(max, 1, key=abs), "instance"),
        (Point.__init__.__get__(Slots()), "instance"),
        (SimpleNamespace(x=[1]), "instance"),
        ({1: 2}.keys(), "instance"),
        (object(), "instance"),
        (memoryview(b"abcd")[::2], "buffer"),
        (array("h", [1, -2]), "buffer"),
        (io.BytesIO(b"abc"), "buffer"),
        (io.StringIO("a\u20ac"), "buffer"),
        (io.StringIO("a\ud800"), "buffer"),
        (Slots(), "instance"),
        (Point(1.0, ["a"]), "instance"),
        (OrderedDict(a=1), "dict"),
        (Bag(k=[1]), "dict"),
        (ValueError("bad", 3), "instance"),
        (len, "function"),
        (add, "function"),
        (add.__code__, "instance"),
        (operator.itemgetter(1, "a"), "instance"),
        ([1].__len__, "instance"),
        ([1].append, "function"),
        (re.compile("a").match, "function"),
        (str.upper, "function"),
        (counter(5), "function"),
        (Point, "class"),
        (json, "module"),
    ],
    ids=name_of,
)
def test_other_values_come_back_as_exact_views(value: object, kind: str, path: str) -> None:
    found = recorded(value, path)
    assert type(found) is spacetimepy.Value
    assert (found.kind, found.fidelity, found.reason) == (kind, "exact", None)
    assert same(found, value), found
    assert len(repr(found)) < 100


def test_functions_are_the_same_by_what_they_hold(path: str) -> None:
    with_default, named_so = counter(5), counter(6)
    with_default.__defaults__ = ([1],)
    named_so.__qualname__ = "add"
    functions = [
        *(counter(5), counter(6), counter(5, step=2), with_default, named_so, add),
        lambda: 1,
        lambda: 1.0 + 2,
        *([1].append, [2].append, str.upper, str.lower),
    ]
    found = recorded(functions, path)
    for at, one in enumerate(found):
        assert [same(one, other) for other in functions] == [at == n for n in range(len(found))]
        assert [same(one, other) for other in found] == [at == n for n in range(len(found))]


OPAQUE = "a type whose contents are not read"
LIVE = "it has no value apart from the running program"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (iter([1]), LIVE),
        (threading.Lock(), LIVE),
        # What a thread has to be waited for, since 3.13.
        (getattr(threading.Thread(), "_handle", threading.Lock()), LIVE),
        (weakref.ref(Slots), LIVE),
        ((n for n in ()), LIVE),
        (io.IncrementalNewlineDecoder(None, True), OPAQUE),
    ],
    ids=name_of,
)
def test_what_is_not_read_says_why(value: object, reason: str, path: str) -> None:
    found = recorded(value, path)
    assert (found.fidelity, found.reason) == ("opaque", reason)
    assert found.type.endswith(type(value).__name__)


def test_a_closure_shows_its_variables_and_shares_them(path: str) -> None:
    total, seen = 0, [1]

    def add_to_total(x: int = 2, *, y: list[int] = seen) -> None:
        nonlocal total
        total += x

    def show() -> tuple[int, list[int]]:
        return total, seen

    found = recorded([add_to_total, show], path)
    adding, showing = found
    assert adding.attr("total").attr("cell_contents") == 0
    assert adding.attr("total").object_id == showing.attr("total").object_id
    assert adding.attr("__defaults__") == (2,)
    assert adding.attr("__kwdefaults__")["y"] is showing.attr("seen").attr("cell_contents")


ELSEWHERE = """
def make():
    total = 0
    def add(n):
        nonlocal total
        total += n
    def read():
        return total
    return add, read
"""


def test_a_variable_bound_by_code_that_is_not_recorded_is_seen_at_once(
    run: Run, tmp_path: Path
) -> None:
    """The first time already, and in the second session as in the first."""
    (tmp_path / "elsewhere.py").write_text(ELSEWHERE)
    (tmp_path / "watch.py").write_text(
        "import elsewhere, spacetimepy\n"
        "@spacetimepy.line\n"
        "def watch(add, read):\n"
        "    first = 1\n"
        "    second = add(5)\n"
        "    third = 2\n"
        "    fourth = add(6)\n"
        "    return third\n"
        "with spacetimepy.init_monitoring('watch.spacetime'):\n"
        "    for n in range(2):\n"
        "        spacetimepy.start_session(str(n))\n"
        "        watch(*elsewhere.make())\n"
        "        spacetimepy.end_session()\n"
    )
    done = run(sys.executable, "watch.py", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    calls = spacetimepy.open(str(tmp_path / "watch.spacetime")).calls("watch")
    assert len(calls) == 2
    for call in calls:
        totals = [state.locals["read"].attr("total") for state in call.states]
        assert [total.attr("cell_contents") for total in totals] == [0, 0, 5, 5, 11]


ONE_LINERS = """
async def compute(limit):
    {gap}
    squares = [n * n for n in range(limit)]
    while limit < 5: limit += 1
    for n in squares:
        if n: continue
        limit += n
    for n in squares: await asyncio.sleep(0)
    async for n in numbers(2): limit += n
    pairs = [
        (a, b)
        for a in range(2)
        for b in range(a)
    ]
    return limit, pairs
"""


@pytest.mark.parametrize("tier", ["fast", "portable"])
def test_a_line_is_a_state_as_often_far_from_the_first_line_as_near(
    tier: str, run: Run, tmp_path: Path
) -> None:
    """CPython keeps where lines are in a byte, and tells slowly where that is too small."""
    gap = 150
    near, far = (ONE_LINERS.replace("{gap}", "\n" * n) for n in (0, gap))
    (tmp_path / "watch.py").write_text(
        "import asyncio, spacetimepy\n"
        "async def numbers(n):\n"
        "    for i in range(n): yield i\n"
        f"{near}near = spacetimepy.line(compute)\n"
        f"{far}far = spacetimepy.line(compute)\n"
        "with spacetimepy.init_monitoring('watch.spacetime'):\n"
        "    asyncio.run(near(3)), asyncio.run(far(3))\n"
    )
    done = run(sys.executable, "watch.py", cwd=tmp_path, SPACETIME_TIER=tier)
    assert done.returncode == 0, done.stderr
    calls = spacetimepy.open(str(tmp_path / "watch.spacetime")).calls("compute")
    near_states, far_states = (
        [(state.line - call.line, state.locals) for state in call.states] for call in calls
    )
    assert [(line - gap, names) for line, names in far_states] == near_states
    # Once when the loop begins, and once each time it goes on.
    assert [names.get("n") for line, names in near_states if line == 2] == [None, 0, 1, 2]


def test_an_exception_shows_what_it_went_through(path: str) -> None:
    def fail() -> None:
        try:
            {}["k"]
        except KeyError as error:
            raise OSError(2, "no", "file") from error

    with pytest.raises(OSError, match="no") as caught:
        fail()
    caught.value.add_note("noted")
    found = recorded(caught.value, path)
    shown = found.attributes
    assert (shown["errno"], shown["filename"], shown["__notes__"]) == (2, "file", ["noted"])
    assert shown["__cause__"].type == "KeyError"
    assert shown["__suppress_context__"] is True
    lines = shown["__traceback__"].splitlines()
    assert [line.split(" in ")[-1] for line in lines] == [caught.traceback[0].name, "fail"]
    assert str(__file__) in lines[-1]


def test_a_value_differs_from_what_it_was_not(path: str) -> None:
    point = recorded(Point(1.0, ["a"]), path)
    assert point == Point(1.0, ["a"])
    for other in (Point(1, ["a"]), Point(1.0, ["b"]), Point(1.0, ["a", "a"]), Slots(), 3, None):
        assert point != other
    assert point.attr("tags") == ["a"]
    with pytest.raises(NotFoundError, match="it has x, tags"):
        point.attr("z")


def test_comparing_runs_no_code_of_the_program(path: str) -> None:
    class Mine:
        def __init__(self) -> None:
            self.x = 1

        def __eq__(self, other: object) -> bool:
            raise AssertionError("was run")

        def __hash__(self) -> int:
            raise AssertionError("was run")

        def __repr__(self) -> str:
            raise AssertionError("was run")

    assert recorded(Mine(), path) == Mine()


def test_aliases_of_one_state_are_one_object(path: str) -> None:
    shared: list[int] = []
    found = recorded([shared, {"k": shared}, (shared,)], path)
    assert found[0] is found[1]["k"] is found[2][0]


def test_lists_of_calls_and_states_are_lazy_sequences(path: str) -> None:
    with spacetimepy.init_monitoring(path):
        for number in range(1300):
            add(number)
    calls = spacetimepy.open(path).calls("add")
    assert len(calls) == 1300
    assert [c.arguments["a"] for c in calls[-2:]] == [1298, 1299]
    assert [c.arguments["a"] for c in calls[::600]] == [0, 600, 1200]
    assert calls[1299].arguments["a"] == 1299
    with pytest.raises(IndexError):
        calls[1300]
    assert [call.id for call in calls] == list(range(1, 1301))
    chosen = spacetimepy.open(path).calls(where=lambda call: call.value == 10)
    assert [call.arguments["a"] for call in chosen] == [8]


def test_what_is_not_there_is_named(path: str) -> None:
    with spacetimepy.init_monitoring(path):
        add(1)
    trace = spacetimepy.open(path)
    for ask in (
        lambda: trace.call(5),
        lambda: trace.state("1:7"),
        lambda: trace.session(9),
        lambda: trace.state(999),
    ):
        with pytest.raises(NotFoundError):
            ask()
    trace.close()
    with pytest.raises(UsageError, match="closed"):
        trace.call(1)


def test_html_escapes_what_was_recorded(path: str) -> None:
    with spacetimepy.init_monitoring(path):
        hold("<script>")
    state = spacetimepy.open(path).calls("hold")[0].states[0]
    assert "&lt;script&gt;" in state._repr_html_() and "<script>" not in state._repr_html_()


def test_objects_of_ignored_types_are_recorded_by_their_type_alone(path: str) -> None:
    @spacetimepy.line
    def keep(secret: Secret) -> list[Secret]:
        found = [secret]
        found.append(secret)
        return found

    with spacetimepy.record(path, ignore_types=[Secret]):
        keep(Secret([1]))
    with spacetimepy.open(path) as trace:
        value = trace.calls()[0].states[-1].locals["secret"]
    assert value.type == f"{__name__}.Secret" and not value.attributes
    assert (value.fidelity, value.reason) == ("gap", "excluded by the user")


@dataclass
class Secret:
    content: list[int]


def test_text_that_grows_past_the_limit_is_not_written_again(tmp_path: Path) -> None:
    @spacetimepy.line
    def grow(more: bytes) -> tuple[bytes, str]:
        data, text = more, more.hex()
        for _ in range(20):
            data += more
            text += "tail"
        return data, text

    path = tmp_path / "run.spacetime"
    with spacetimepy.init_monitoring(path):
        grow(os.urandom(1 << 20))
    with spacetimepy.open(path) as trace:
        kinds = {kind: n_bytes for kind, n_bytes, _ in trace.summary()["records"]}
        # The argument, and what is kept of `data` and `text`.
        assert kinds["text"] < 4 << 20
        last = trace.calls("grow")[0].states[-1].locals
        assert [last[name].fidelity for name in ("data", "text")] == ["truncated"] * 2


def test_what_another_thread_changes_is_seen_at_the_next_line(tmp_path: Path) -> None:
    others: dict[str, Any] = {"threading": threading}
    exec(
        "def append(xs, go, done):\n"
        "    while True:\n"
        "        go.acquire()\n"
        "        if xs[-1] is None: return\n"
        "        xs.append(len(xs))\n"
        "        done.release()\n",
        others,
    )

    @spacetimepy.line
    def take_turns(xs: list[int | None], go: threading.Lock, done: threading.Lock) -> int:
        n = 0
        while n < 5:
            go.release()
            done.acquire()
            n += 1
        return n

    xs: list[int | None] = [0]
    go, done = threading.Lock(), threading.Lock()
    go.acquire()
    done.acquire()
    path = tmp_path / "run.spacetime"
    with spacetimepy.init_monitoring(path):
        thread = threading.Thread(target=others["append"], args=(xs, go, done))
        thread.start()
        take_turns(xs, go, done)
        xs.append(None)
        go.release()
        thread.join()
    with spacetimepy.open(path) as trace:
        seen = {state.locals.get("n"): state.locals["xs"] for state in trace.call(1).states}
    # The last state with each `n`, by when the other thread had its turn.
    assert seen == {None: [0]} | {n: [*range(min(n + 2, 6))] for n in range(6)}
