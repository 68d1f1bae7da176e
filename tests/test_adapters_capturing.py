"""What traces show of objects with adapters: payloads, previews, or why there is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Run
from handles import GRANULARITIES, Recorded, shown
from spacetimepy.errors import RestoreError

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


def test_equal_payloads_are_the_same_version(recorded: Recorded) -> None:
    (call,) = recorded(STEPS.replace("handle.set(3)", "pass; pass; pass"), GRANULARITY="line")
    versions = [state.locals["handle"].version for state in call.states]
    assert versions[1] == versions[2] != versions[0]
    first, second = (call.states[at].locals["handle"] for at in (1, 2))
    assert first == second != call.states[0].locals["handle"]


def test_instructions_as_lines(recorded: Recorded) -> None:
    lines = "\n".join(f"    handle.set({n})" for n in range(250))
    (call,) = recorded(
        f"@spacetimepy.line\ndef work(handle):\n{lines}\n\n"
        "main(lambda: work(Handle(-1)), capture=Handle.state)"
    )
    assert shown(call) == list(range(-1, 249))


MIDDLE = """
@spacetimepy.GRANULARITY
def work(handle):
    handle.set(2)
    spacetimepy.enable_recording()
    handle.set(3)
    return [handle]

@spacetimepy.GRANULARITY
def produce(handle):
    handle.set(2)
    spacetimepy.enable_recording()
    yield handle

def start():
    for function in (work, lambda handle: list(produce(handle))):
        spacetimepy.disable_recording()
        print(function(Handle(1))[0].state())
        spacetimepy.enable_recording()

main(start, capture=Handle.state)
"""


@GRANULARITIES
def test_calls_that_are_first_met_in_their_middle(recorded: Recorded, granularity: str) -> None:
    work, produce = recorded(MIDDLE, GRANULARITY=granularity)
    by_line = granularity == "line"
    assert shown(work) == ([2, 3] if by_line else [3, 3])
    assert shown(produce) == ([2] if by_line else [2, 2])
    assert work.value[0].payload == 3
