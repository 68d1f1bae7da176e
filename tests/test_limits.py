"""Limits of values: what is cut says so, however it grows and shrinks; what is kept stays right."""

from __future__ import annotations

from collections import deque
from typing import Any

import pytest
import spacetimepy
from spacetimepy import Value
from spacetimepy.errors import UsageError

MAX_ITEMS, MAX_TEXT = 10, 200


class Text(str):
    pass


class Node:
    def __init__(self, n: int) -> None:
        self.n = n


@spacetimepy.line
def grow_and_shrink() -> None:
    text, own, data = "x" * 150, Text("x" * 150), bytearray()
    items: list[int] = []
    ends: deque[int] = deque()
    unique: set[int] = set()
    for n in range(2 * MAX_ITEMS):
        items.append(n)
        ends.appendleft(n)
        unique.add(n)
        data += b"ab" * 10
        text += "é" * 5
        own = Text(text)
    items[3] = -1
    items[MAX_ITEMS + 2] = -1
    data[5] = 0
    while items:
        items.pop()
        ends.pop()
        unique.pop()
        del data[-20:]
        text = text[:-5]
        own = Text(text)
    del own


def states(limits: dict[str, int], path: str) -> list[dict[str, Any]]:
    with spacetimepy.init_monitoring(path, limits=limits):
        grow_and_shrink()
    return [state.locals for state in spacetimepy.open(path).calls("grow_and_shrink")[0].states]


def is_cut(value: Any) -> bool:
    """A text of a class of its own may say so itself, or its value does."""
    if not isinstance(value, Value):
        return False
    return value.fidelity == "truncated" or (value.type.endswith(".Text") and is_cut(value.value))


def kept_items(value: Any) -> list[Any]:
    return list(value[:]) if isinstance(value, Value) else list(value)


def test_what_is_cut_says_so_at_each_state(tmp_path: Any) -> None:
    whole = states({}, str(tmp_path / "whole.spacetime"))
    cut = states({"max_items": MAX_ITEMS, "max_text": MAX_TEXT}, str(tmp_path / "cut.spacetime"))
    assert len(whole) == len(cut)
    n_cut = 0
    for left, right in zip(whole, cut, strict=True):
        assert left.keys() == right.keys()
        for name, value in left.items():
            found = right[name]
            if name in ("text", "own", "data"):
                raw = str(value.value if isinstance(value, Value) else value).encode()
                raw = bytes(value) if name == "data" else raw
                assert is_cut(found) == (len(raw) > MAX_TEXT), (name, len(raw), found)
            elif name in ("items", "ends"):
                kept = list(value) if not isinstance(value, Value) else kept_items(value)
                assert is_cut(found) == (len(kept) > MAX_ITEMS)
                assert kept_items(found) == kept[:MAX_ITEMS]
            elif name == "unique":
                assert is_cut(found) == (len(value) > MAX_ITEMS)
                assert is_cut(found) or found == value
            n_cut += is_cut(found)
            if is_cut(found) and found.fidelity != "exact":
                assert found.reason == "larger than the size limit"
    assert n_cut > 200


@spacetimepy.line
def many_objects() -> int:
    nodes = [Node(n) for n in range(1000)]
    few = nodes[:3]
    nodes = few
    more = [Node(-n) for n in range(5)]
    return len(more)


def test_objects_beyond_the_limit_are_gaps(tmp_path: Any) -> None:
    """Once others are gone there is room again."""
    path = str(tmp_path / "run.spacetime")
    with spacetimepy.init_monitoring(path, limits={"max_objects": 100}):
        assert many_objects() == 5
    last = spacetimepy.open(path).calls("many_objects")[0].states[-1].locals
    assert [node.attr("n") for node in last["nodes"]] == [0, 1, 2]
    assert [node.attr("n") for node in last["more"]] == [0, -1, -2, -3, -4]
    full = spacetimepy.open(path).calls("many_objects")[0].states
    nodes = next(state.locals["nodes"] for state in full if "nodes" in state.locals)
    gaps = [node for node in nodes if node.fidelity == "gap" or node.fidelity == "truncated"]
    assert 900 <= len(gaps) < 1000
    assert {gap.reason for gap in gaps} == {"beyond the limit of objects that are followed"}


@pytest.mark.parametrize("limits", [{"max_items": 0}, {"max_text": "1"}, {"max_depth": 3}])
def test_limits_that_make_no_sense_are_refused(limits: Any) -> None:
    with pytest.raises(UsageError, match="limits"):
        spacetimepy.init_monitoring("never.spacetime", limits=limits)
