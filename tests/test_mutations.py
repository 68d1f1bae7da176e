"""What tracers get wrong: objects that change in place, each way of it at each step.

The program changes containers by item, by method, through an alias, inside another and in a called
function, attributes of an object, one item of many, and one value in the middle of a loop. What the
states must show is written beside it, from reading the program; identity is that of the objects.
"""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest
import spacetimepy
from conftest import Run

PROGRAM = textwrap.dedent(
    """\
    class P:
        def __init__(self, x):
            self.x = x
            self.tags = []

    def callee(d, p):
        d["callee"] = 1
        p.x += 100
        p.tags.append("callee")

    def columns():
        a = {"k": 1}
        b = a
        b["alias"] = 2
        nested = {"inner": [1, [2]]}
        nested["inner"][1].append(3)
        p = P(5)
        q = p
        q.x = 6
        callee(a, p)
        big = list(range(500))
        big[250] = "changed"
        big[250] = "again"
        same = [big, big, list(big)]
        same[0][0] = "first"
        return a, b, nested, p, q, same

    def loop():
        seen = []
        last = None
        for i in range(1000):
            seen.append(i)
            if i == 500:
                seen[250] = "middle"
            last = seen
        return last

    columns()
    loop()
    """
)


@pytest.fixture(scope="module")
def trace(spacetime: Run, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("mutations")
    (folder / "mut.py").write_text(PROGRAM)
    done = spacetime("run", "--line", "-o", "mut.spacetime", "mut.py", cwd=folder)
    assert done.returncode == 0, done.stderr
    return spacetimepy.open(str(Path(folder) / "mut.spacetime"))


def line_of(text: str) -> int:
    return 1 + next(n for n, line in enumerate(PROGRAM.splitlines()) if line.strip() == text)


def after(call: Any, text: str) -> dict[str, Any]:
    """The locals of the state after a line of the call."""
    line = line_of(text)
    state = next(state for state in call.states if state.line == line)
    return dict(state.next.locals)


def before(call: Any, text: str) -> dict[str, Any]:
    """The locals of the state before a line of the call."""
    line = line_of(text)
    return dict(next(state for state in call.states if state.line == line).locals)


def test_alias(trace: Any) -> None:
    """Both names show a change made through one of them, and neither shows it earlier."""
    call = trace.calls("columns")[0]
    earlier, later = before(call, 'b["alias"] = 2'), after(call, 'b["alias"] = 2')
    assert earlier["a"] == earlier["b"] == {"k": 1}
    assert later["a"] == later["b"] == {"k": 1, "alias": 2}


def test_identity(trace: Any) -> None:
    """Two names of one object are told from two equal objects, in every state."""
    call = trace.calls("columns")[0]
    for text in ('b["alias"] = 2', "callee(a, p)", 'same[0][0] = "first"'):
        now = after(call, text)
        assert now["a"] is now["b"]
    now = after(call, "callee(a, p)")
    assert now["p"].object_id == now["q"].object_id
    now = before(call, 'same[0][0] = "first"')
    first, second, copy = now["same"]
    assert first is second is now["big"]
    assert copy is not first
    assert copy == first


def test_callee(trace: Any) -> None:
    """A function changes what it was given: seen at each of its lines, and after it."""
    call = trace.calls("columns")[0]
    callee = trace.calls("callee")[0]
    steps = [(state.line, state.locals) for state in callee.states]
    shown = [
        (now["d"].get("callee"), now["p"].attr("x"), now["p"].attr("tags")) for _, now in steps
    ]
    assert shown == [(None, 6, []), (1, 6, []), (1, 106, [])]
    earlier, later = before(call, "callee(a, p)"), after(call, "callee(a, p)")
    assert earlier["a"] == {"k": 1, "alias": 2}
    assert later["a"] == {"k": 1, "alias": 2, "callee": 1}
    assert later["p"].attr("x") == later["q"].attr("x") == 106
    assert later["p"].attr("tags") == ["callee"]


def test_attribute(trace: Any) -> None:
    """An attribute set through an alias."""
    call = trace.calls("columns")[0]
    earlier, later = before(call, "q.x = 6"), after(call, "q.x = 6")
    assert earlier["p"].attr("x") == earlier["q"].attr("x") == 5
    assert later["p"].attr("x") == later["q"].attr("x") == 6


def test_nested(trace: Any) -> None:
    """A list in a list in a dict."""
    call = trace.calls("columns")[0]
    text = 'nested["inner"][1].append(3)'
    assert before(call, text)["nested"] == {"inner": [1, [2]]}
    assert after(call, text)["nested"] == {"inner": [1, [2, 3]]}


def test_item_250_of_500(trace: Any) -> None:
    """One item of many, twice."""
    call = trace.calls("columns")[0]
    values = [
        before(call, 'big[250] = "changed"')["big"],
        after(call, 'big[250] = "changed"')["big"],
        after(call, 'big[250] = "again"')["big"],
    ]
    assert [value[250] for value in values] == [250, "changed", "again"]
    for value in values:
        assert value[:250] + value[251:] == [*range(250), *range(251, 500)]


def test_middle_of_a_loop(trace: Any) -> None:
    """Every iteration is kept, and the change of one value belongs to its own."""
    call = trace.calls("loop")[0]
    line = line_of("last = seen")
    states = [state for state in call.states if state.line == line]
    assert len(states) == 1000
    for i, state in enumerate(states):
        now = state.locals
        expected: list[Any] = list(range(i + 1))
        if i >= 500:
            expected[250] = "middle"
        assert now["i"] == i
        assert now["seen"] == expected
        assert now["last"] == (None if i == 0 else [*expected[:i], i])
        assert i == 0 or now["last"] is now["seen"]
