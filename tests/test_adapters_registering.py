"""Registering adapters: what is taken, what is refused, and from when on one counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import spacetimepy
from handles import Recorded
from spacetimepy.errors import UsageError

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
