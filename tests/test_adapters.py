"""Adapters: what traces show of their objects, what they restore, and that whatever an adapter does
the program goes on as it would without a recorder.

Each case is a program whose output must be the same with and without recording, under both tiers.
The test process itself has no adapters. Handles keep their state where no recorded code reaches it,
as if it were in C.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import spacetimepy
from conftest import Run
from spacetimepy.errors import RestoreError, UsageError

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


@pytest.fixture(params=["fast", "portable"])
def recorded(request: pytest.FixtureRequest, run: Run, tmp_path: Path) -> Recorded:
    """Runs a program with and without recording; gives the calls. Keyword: a name in the program
    that is replaced by the text."""

    def record(program: str, **replaced: str) -> list[spacetimepy.Call]:
        for name, text in replaced.items():
            program = program.replace(name, text)
        (tmp_path / "program.py").write_text(HANDLES + program)
        plain, observed = (
            run(sys.executable, "program.py", *given, cwd=tmp_path, SPACETIME_TIER=request.param)
            for given in ([], ["record"])
        )
        assert (observed.stdout, observed.returncode) == (plain.stdout, plain.returncode), (
            observed.stderr
        )
        assert observed.stderr == plain.stderr
        return list(spacetimepy.open(tmp_path / "run.spacetime", trust=True).calls())

    return record


GRANULARITIES = pytest.mark.parametrize("granularity", ["line", "function"])


def shown(call: spacetimepy.Call, name: str = "handle") -> list[Any]:
    """The payloads of a variable at the states of a call, the reason where there is none."""
    values = [state.locals[name] for state in call.states if name in state.locals]
    return [value.reason if value.fidelity == "opaque" else value.payload for value in values]


STEPS = """
@spacetimepy.GRANULARITY
def steps(handle):
    handle.set({"a": [2, (3.5, "x" * 100)], (1, 2): {b"y"}})
    handle.set(3)
    return handle

main(lambda: print(steps(Handle(1)).state()), capture=Handle.state)
"""


@GRANULARITIES
def test_states_show_what_the_adapter_gives(recorded: Recorded, granularity: str) -> None:
    (call,) = recorded(STEPS, GRANULARITY=granularity)
    middle = {"a": [2, (3.5, "x" * 100)], (1, 2): {b"y"}}
    assert shown(call) == ([1, middle, 3] if granularity == "line" else [1, 3])
    assert call.arguments["handle"].payload == 1
    assert call.value.payload == 3
    value = call.states[0].locals["handle"]
    facts = (value.kind, value.type, value.adapter, value.fidelity, value.attributes)
    assert facts == ("adapted", "__main__.Handle", "__main__.Handle", "exact", {})
    assert value.object_id == call.states[-1].locals["handle"].object_id
    assert value.preview == f"Handle#{value.object_id & 0xFFFFFFFF}(1)"


FAILING = """
class Int(int):
    pass

@spacetimepy.GRANULARITY
def work(handle, other):
    other = [handle, other]
    handle.set(2)
    return handle.state()

def capture(handle):
    GIVE

main(lambda: print(work(Handle(1), Handle(5))), capture=capture)
"""


@pytest.mark.parametrize(
    ("give", "reason"),
    [
        ("raise ValueError('no')", "its adapter raised ValueError: no"),
        ("assert not 1", "its adapter raised AssertionError"),
        ("capture(handle)", "its adapter raised RecursionError: maximum recursion depth exceeded"),
        ("return handle", "its adapter gave an object of type __main__.Handle, which is no plain"),
        ("return [{1: (handle,)}]", "its adapter gave an object of type __main__.Handle, which"),
        ("return [Int(3)]", "its adapter gave an object of type __main__.Int, which is no plain"),
        ("return (1 for _ in 'a')", "its adapter gave an object of type generator, which is no"),
    ],
)
@GRANULARITIES
def test_without_a_payload_the_reason_is_said(
    recorded: Recorded, granularity: str, give: str, reason: str
) -> None:
    (call,) = recorded(FAILING, GRANULARITY=granularity, GIVE=give)
    reasons = shown(call)
    assert len(reasons) >= 2
    assert all(found.startswith(reason) for found in reasons), reasons
    with pytest.raises(RestoreError, match="its adapter"):
        call.states[0].locals["handle"].restore()


def test_a_payload_may_come_and_go(recorded: Recorded) -> None:
    program = FAILING.replace("GIVE", "return 10 // (handle.state() - 2)")
    (call,) = recorded(program, GRANULARITY="line")
    zero = "its adapter raised ZeroDivisionError: integer division or modulo by zero"
    assert shown(call) == [-10, -10, zero]
    assert [value.payload for value in call.states[1].locals["other"]] == [-10, 3]


CHANGING = """
seen = []

@spacetimepy.GRANULARITY
def work(handle, items):
    count = 0
    def capture(handle):
        nonlocal count
        count += 1
        seen.append(handle)
        items.append(len(items))
        handle.set(handle.state() + 1)
        return handle.state()
    hold(capture)
    first = len(items)
    seen
    count

def hold(capture):
    global asked
    asked = capture

def work_and_compare():
    handle = Handle(0)
    work(handle, [])
    print("done")

main(work_and_compare, capture=lambda handle: asked(handle))
"""


@GRANULARITIES
def test_what_an_adapter_changes_is_in_the_state(recorded: Recorded, granularity: str) -> None:
    (call,) = recorded(CHANGING, GRANULARITY=granularity)
    states = [state for state in call.states if state.locals["handle"].fidelity == "exact"]
    for state in states:
        n_asked = state.locals["handle"].payload
        assert state.locals["count"] == n_asked
        assert state.locals["items"] == list(range(n_asked))
        assert len(state.globals["seen"]) == n_asked
    asked = [state.locals["handle"].payload for state in states]
    assert asked == sorted(set(asked)) != []


CALLING = """
@spacetimepy.function
def helper():
    return 1

@spacetimepy.line
def numbers():
    yield 1
    yield 2

@spacetimepy.line
def work(handle):
    handle.set(2)
    return handle.state()

def capture(handle):
    return [handle.state(), helper(), *numbers(), sum(x for x in [1, 2])]

main(lambda: print(work(Handle(1))), capture=capture)
"""


def test_what_an_adapter_calls_is_not_recorded(recorded: Recorded) -> None:
    (call,) = recorded(CALLING)
    assert shown(call) == [[1, 1, 1, 2, 3], [2, 1, 1, 2, 3]]


THREADS = """
@spacetimepy.line
def elsewhere(n):
    total = 0
    for i in range(n):
        total += i
    return total

@spacetimepy.line
def work(handle, n):
    for i in range(n):
        handle.set([i])
    return handle.state()

def capture(handle):
    thread = threading.Thread(target=elsewhere, args=(3,))
    thread.start()
    thread.join()
    time.sleep(0.001)
    return handle.state()

def start():
    shared = Handle([-1])
    threads = [threading.Thread(target=work, args=(Handle([-1]), 5)) for _ in range(3)]
    threads += [threading.Thread(target=elsewhere, args=(200,))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("done")

main(start, capture=capture)
"""


def test_other_threads_are_recorded_while_an_adapter_runs(recorded: Recorded) -> None:
    calls = recorded(THREADS)
    work = [call for call in calls if call.name == "work"]
    assert len(work) == 3
    for call in work:
        assert [
            (state.locals.get("i"), state.locals["handle"].payload)
            for state in call.states
        ] == [
            (None, [-1]),
            *((i, [i - 1 + at]) for i in range(5) for at in (0, 1)),
            (4, [4]),
        ]  # fmt: skip
        assert call.value == [4]
    elsewhere = [call for call in calls if call.name == "elsewhere"]
    assert {call.value for call in elsewhere} == {3, sum(range(200))}
    assert all(call.outcome == "RETURNED" for call in calls)


LIVES = """
@spacetimepy.GRANULARITY
def work(handle):
    first = sys.getrefcount(handle)
    other = [handle, handle]
    print(first, sys.getrefcount(handle))
    weakref.finalize(handle, print, "gone")
    del handle
    print("held")
    other.clear()
    print("let go")
    handle = Handle((1, [2]))
    print(sys.getrefcount(handle), sys.getrefcount(handle.state()))
    return Handle(3)

def start():
    work(Handle({"a": 1}))
    print("end", len(_states))

main(start, capture=Handle.state)
"""


@GRANULARITIES
def test_objects_live_as_long_as_without_a_recorder(recorded: Recorded, granularity: str) -> None:
    (call,) = recorded(LIVES, GRANULARITY=granularity)
    assert call.value.payload == 3


GENERATOR = """
@spacetimepy.GRANULARITY
def produce(handle):
    for state in (2, 3):
        handle.set([state])
        yield handle

def start():
    for handle in produce(Handle(1)):
        handle.set([*handle.state(), "outside"])
        print(handle.state())

main(start, capture=Handle.state)
"""


@GRANULARITIES
def test_generators(recorded: Recorded, granularity: str) -> None:
    (call,) = recorded(GENERATOR, GRANULARITY=granularity)
    if granularity == "function":
        assert shown(call) == [1, [3, "outside"]]
        return
    assert shown(call) == [1, 1, [2], [2, "outside"], [2, "outside"], [3], [3, "outside"]]


EXCEPTIONS = """
@spacetimepy.GRANULARITY
def fail(handle):
    try:
        raise KeyError("first")
    except KeyError as error:
        handle.set(repr(sys.exception()))
        try:
            raise
        except KeyError as again:
            print(again is error, again.__context__, repr(sys.exception()))
    print(sys.exception())
    handle.set(2)
    raise Failure(handle)

class Failure(Exception):
    pass

def capture(handle):
    try:
        raise OSError("inside")
    except OSError:
        pass
    try:
        {}["missing"]
    finally:
        return [handle.state(), repr(sys.exception())]

def start():
    try:
        fail(Handle(1))
    except Failure as failure:
        print(failure.__context__, failure.args[0].state(), failure.__traceback__.tb_next.tb_next)

main(start, capture=capture)
"""


@GRANULARITIES
def test_exceptions_of_the_program_stay(recorded: Recorded, granularity: str) -> None:
    program = EXCEPTIONS.replace("finally:", "except KeyError:")
    (call,) = recorded(program, GRANULARITY=granularity)
    assert call.exception.args[0].payload[0] == 2
    assert [payload[0] for payload in shown(call)][-1] == 2


SIGNALS = """
class Timeout(Exception):
    pass

def on_alarm(number, frame):
    raise RAISED

signal.signal(signal.SIGALRM, on_alarm)
at = AT

@spacetimepy.GRANULARITY
def work(handle):
    try:
        handle.set(handle.state() + 1)
        handle.set(handle.state() + 1)
        if handle.state() > 2:
            raise KeyError("own")
    finally:
        handle.set(handle.state() + 1)

def capture(handle):
    global at
    at -= 1
    if at == 0:
        signal.raise_signal(NUMBER)
        time.sleep(0)
    return handle.state()

def start():
    try:
        work(Handle(1))
    except BaseException as error:
        if len(sys.argv) == 1:
            return
        names = []
        traceback = error.__traceback__
        while traceback is not None:
            names.append(traceback.tb_frame.f_code.co_name)
            traceback = traceback.tb_next
        seen.append((type(error).__name__, names))

seen = []
main(start, capture=capture)
assert not sys.argv[1:] or seen == [(EXPECTED, FRAMES)], seen
"""


@pytest.mark.parametrize(
    ("granularity", "at"), [*(("line", at) for at in "123"), ("function", "1"), ("function", "2")]
)
@pytest.mark.parametrize(
    ("number", "raised", "expected"),
    [
        ("signal.SIGINT", "None", "KeyboardInterrupt"),
        ("signal.SIGALRM", "Timeout('late')", "Timeout"),
        ("signal.SIGALRM", "SystemExit(3)", "SystemExit"),
    ],
)
def test_what_a_signal_raises_reaches_the_program(
    recorded: Recorded, granularity: str, at: str, number: str, raised: str, expected: str
) -> None:
    program = SIGNALS.replace("AT\n", f"{at}\n")
    # The second state of a call of that granularity is its exit: it is being left already.
    is_left = granularity == "function" and at == "2"
    (call,) = recorded(
        program,
        GRANULARITY=granularity,
        NUMBER=number,
        RAISED=raised,
        EXPECTED=repr(expected),
        FRAMES=repr(["start"] if is_left else ["start", "work"]),
    )
    assert call.outcome == "RAISED"
    assert call.exception.type.endswith(expected)


FORK = """
@spacetimepy.GRANULARITY
def child(handle):
    handle.set(handle.state() + 1)
    return handle

@spacetimepy.line
def parent(handle):
    handle.set(5)
    pid = os.fork()
    if pid == 0:
        child(handle)
        os._exit(0)
    os.waitpid(pid, 0)
    return handle.state()

main(lambda: print(parent(Handle(1)), flush=True), capture=Handle.state)
"""


@GRANULARITIES
def test_forked_children(recorded: Recorded, granularity: str) -> None:
    calls = recorded(FORK, GRANULARITY=granularity)
    in_child = next(call for call in calls if call.name == "child")
    assert shown(in_child) == [5, 6]
    assert in_child.value.payload == 6
    assert shown(calls[0])[:3] == [1, 5, 5]


MEDDLING = """
@spacetimepy.line
def work(handle):
    handle.set(2)
    handle.set(3)
    return handle.state()

def capture(handle):
    if handle.state() == 2:
        MEDDLE
    return handle.state()

main(lambda: print(work(Handle(1))), capture=capture)
"""


@pytest.mark.parametrize(
    ("meddle", "expected"),
    [
        ("spacetimepy.end_session(); spacetimepy.start_session('next')", [1]),
        ("spacetimepy.end_session()", [1]),
        ("pid = os.fork() or os._exit(0); os.waitpid(pid, 0)", [1, 2, 3]),
        ("import subprocess; subprocess.run([sys.executable, '-c', '1'])", [1, 2, 3]),
        ("spacetimepy.disable_recording()", [1]),
        ("spacetimepy.recording._active.close()", [1]),
        ("import gc; gc.collect(); spacetimepy.recording._active.flush()", [1, 2, 3]),
        (
            "spacetimepy.adapter(Handle, capture=lambda h: 'later', restore=restore)",
            [1, "later", "later"],
        ),
    ],
)
def test_an_adapter_may_use_the_recorder(
    recorded: Recorded, meddle: str, expected: list[Any]
) -> None:
    calls = recorded(MEDDLING, MEDDLE=meddle)
    assert shown(calls[0]) == expected


LATE = """
@spacetimepy.line
def work(handle, holder):
    holder.append(handle)
    register()
    handle.set(2)
    again()
    holder.clear()

def register():
    spacetimepy.adapter(Handle, capture=Handle.state, restore=restore)

def again():
    spacetimepy.adapter(Handle, capture=lambda handle: "new", restore=restore)

main(lambda: work(Handle(1), []))
"""


def test_an_adapter_counts_from_when_it_is_registered(recorded: Recorded) -> None:
    (call,) = recorded(LATE)
    values = [state.locals["handle"] for state in call.states]
    assert [value.kind for value in values] == ["instance"] * 2 + ["adapted"] * 3
    assert [value.payload for value in values[2:]] == [1, 2, "new"]
    assert len({value.object_id for value in values}) == 1
    assert call.states[3].locals["holder"][0].payload == 2


PREVIEWS = """
@spacetimepy.line
def work(handle):
    return handle

def preview(payload):
    GIVE

main(lambda: work(Handle([1])), capture=Handle.state, preview=preview)
"""


@pytest.mark.parametrize(
    ("give", "expected"),
    [
        ("return f'{len(payload)} item'", "<Handle#{} 1 item>"),
        ("return 'x' * 1000", "<Handle#{} " + "x" * 80),
        ("payload.append(2); return 'a\\nb'", "<Handle#{} a\\nb>"),
        ("raise ValueError", "Handle#{}([1])"),
        ("return payload", "Handle#{}([1])"),
    ],
)
def test_previews(
    recorded: Recorded, tmp_path: Path, spacetime: Run, give: str, expected: str
) -> None:
    (call,) = recorded(PREVIEWS, GIVE=give.replace("payload.append(2); ", ""))
    value = call.value
    expected = expected.format(value.object_id & 0xFFFFFFFF)
    expected = expected if len(expected) <= 80 else expected[:79] + "…"
    assert value.preview == expected
    assert value.payload == [1]
    output = spacetime("show", "run.spacetime", "1:0", cwd=tmp_path).stdout
    assert expected[:12] in output, output


RESTORED = """
import sys, json
sys.path.insert(0, ".")
import spacetimepy
from spacetimepy.errors import RestoreError
trace = spacetimepy.open("run.spacetime", trust=True)
BEFORE
for name in ("first", "second", "third"):
    value = trace.call(1).states[-1].locals[name]
    try:
        made = value.restore()
        print(json.dumps([type(made).__name__, made.state]))
    except RestoreError as error:
        print(json.dumps(str(error)))
"""

KINDS = """
import spacetimepy

class Base:
    __slots__ = ("hidden",)
    def __init__(self, state):
        self.hidden = state
    state = property(lambda self: self.hidden)
    def capture(self):
        return {"state": self.hidden}
    @classmethod
    def restore(cls, payload):
        return cls(payload["state"])

class Derived(Base):
    def capture(self):
        return {"state": self.hidden, "more": (1,)}

class Other(Derived):
    pass
"""

USE_KINDS = """
import kinds
@spacetimepy.line
def work(first, second, third):
    return None
spacetimepy.adapter(kinds.Other, capture=lambda o: o.state, restore=lambda p: kinds.Base(p))
main(lambda: work(kinds.Base([1]), kinds.Derived(2), kinds.Other(3)))
"""

REGISTER = {
    "decorator": (KINDS + "\nspacetimepy.adapter(Base)\n", ""),
    "option": (KINDS, "kinds.Base"),
}


@pytest.mark.parametrize("how", REGISTER)
def test_restoring_in_a_fresh_process(
    recorded: Recorded, run: Run, tmp_path: Path, how: str
) -> None:
    module, option = REGISTER[how]
    (tmp_path / "kinds.py").write_text(module)
    use = USE_KINDS.replace("main(", f"options['adapters'] = [{option}]\nmain(")
    (call,) = recorded(use)
    values = [call.arguments[name] for name in ("first", "second", "third")]
    assert [value.adapter for value in values] == ["kinds.Base", "kinds.Base", "kinds.Other"]
    payloads = [{"state": [1]}, {"state": 2, "more": (1,)}, 3]
    assert [value.payload for value in values] == payloads
    before = {
        "decorator": "",
        "option": "import kinds; spacetimepy.adapters.register_all([kinds.Base])",
    }[how]
    (tmp_path / "restore.py").write_text(RESTORED.replace("BEFORE", before))
    done = run(sys.executable, "restore.py", cwd=tmp_path)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[:2] == [["Base", [1]], ["Derived", 2]], done.stderr
    assert lines[2] == (
        "value cannot be restored: it was recorded by an adapter of kinds.Other, which this "
        "process does not have: register it by spacetimepy.adapter()"
    )
    register = "import kinds; spacetimepy.adapter(kinds.Other, capture=id, restore=RESTORE)"
    for restore, expected in [
        ("lambda p: kinds.Other(p)", ["Other", 3]),
        ("kinds.Base", "value cannot be restored: the adapter of kinds.Other made a kinds.Base"),
        ("lambda p: 1 // 0", "value cannot be restored: ZeroDivisionError: integer division or "
         "modulo by zero"),
    ]:  # fmt: skip
        text = RESTORED.replace("BEFORE", before + "\n" + register.replace("RESTORE", restore))
        (tmp_path / "restore.py").write_text(text)
        done = run(sys.executable, "restore.py", cwd=tmp_path)
        assert json.loads(done.stdout.splitlines()[-1]) == expected, done.stderr


def test_what_was_cut_is_not_restored(recorded: Recorded) -> None:
    program = STEPS.replace("handle.set(3)", "handle.set([1] * 100)")
    limits = 'options["limits"] = {"max_items": 10}\n'
    (call,) = recorded(limits + program, GRANULARITY="line")
    cut = call.states[-1].locals["handle"].payload
    assert (cut.fidelity, len(cut), list(cut)) == ("truncated", 100, [1] * 10)
    with pytest.raises(RestoreError, match="larger than the size limit"):
        call.states[-1].locals["handle"].restore()


def test_equal_payloads_are_the_same_version(recorded: Recorded) -> None:
    (call,) = recorded(STEPS.replace("handle.set(3)", "pass; pass; pass"), GRANULARITY="line")
    versions = [state.locals["handle"].version for state in call.states]
    assert versions[1] == versions[2] != versions[0]
    first, second = (call.states[at].locals["handle"] for at in (1, 2))
    assert first == second != call.states[0].locals["handle"]


DEEP = """
@spacetimepy.GRANULARITY
def down(handle, depth):
    try:
        return down(handle, depth + 1)
    except RecursionError:
        return depth

def start():
    sys.setrecursionlimit(200)
    print(down(Handle(1), 0))

main(start, capture=lambda handle: (lambda: handle.state())())
"""


@GRANULARITIES
def test_at_the_limit_of_recursion(recorded: Recorded, granularity: str) -> None:
    calls = recorded(DEEP, GRANULARITY=granularity)
    assert shown(calls[0])[0] == 1
    reasons = [found for call in calls for found in shown(call) if found != 1]
    assert reasons
    assert all("RecursionError" in reason for reason in reasons), reasons


def test_instructions_as_lines(recorded: Recorded) -> None:
    lines = "\n".join(f"    handle.set({n})" for n in range(250))
    (call,) = recorded(
        f"@spacetimepy.line\ndef work(handle):\n{lines}\n\n"
        "main(lambda: work(Handle(-1)), capture=Handle.state)"
    )
    assert shown(call) == list(range(-1, 249))


class Plain:
    pass


class WithoutRestore:
    def capture(self) -> int:
        return 1


class WithMethods(WithoutRestore):
    def restore(self, payload: int) -> int:
        return payload


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((3,), {}, "the first argument is a class, found 3"),
        ((list,), {"capture": id, "restore": id}, "list is recorded as it is"),
        ((object,), {"capture": id, "restore": id}, "object is recorded as it is"),
        ((Plain,), {}, "Plain has no method 'capture'"),
        ((WithoutRestore,), {}, "WithoutRestore has no method 'restore'"),
        ((WithMethods,), {}, "WithMethods.restore is given a payload and no object"),
        ((Plain,), {"capture": id}, "restore is a function, found None"),
        ((Plain,), {"restore": id}, "capture is a function, found None"),
        ((Plain,), {"capture": 1, "restore": id}, "capture is a function, found 1"),
        ((Plain,), {"preview": id}, "preview is given, capture and restore are not"),
        ((Plain,), {"capture": id, "restore": id, "preview": 1}, "preview is a function or None"),
    ],
)
def test_what_is_no_adapter_is_refused(
    arguments: tuple[Any, ...], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        spacetimepy.adapter(*arguments, **options)


@pytest.mark.parametrize("given", [3, [3], [Plain]])
def test_the_option_is_checked(given: Any, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="adapter"):
        spacetimepy.init_monitoring(tmp_path / "run.spacetime", adapters=given)
