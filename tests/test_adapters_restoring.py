"""Objects made again from what their adapters gave, and compared with living ones."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from conftest import Run
from handles import Recorded
from spacetimepy.errors import RestoreError

RESTORED = """
import json, sys
sys.path.insert(0, ".")
import spacetimepy
from spacetimepy.errors import RestoreError

def show(name):
    try:
        made = values[name].restore()
        print(json.dumps([type(made).__name__, made.state, values[name] == made]))
    except RestoreError as error:
        print(json.dumps(str(error)))

values = spacetimepy.open("run.spacetime", trust=True).call(1).states[-1].locals
BEFORE
for name in ("first", "second", "third"):
    show(name)
import kinds
for restore in (lambda p: kinds.Other(p), kinds.Base, lambda p: 1 // 0):
    spacetimepy.adapter(kinds.Other, capture=lambda other: other.state, restore=restore)
    show("third")
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
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        ["Base", [1], True],
        ["Derived", 2, True],
        "value cannot be restored: it was recorded by an adapter of kinds.Other, which this "
        "process does not have: register it by spacetimepy.adapter()",
        ["Other", 3, True],
        "value cannot be restored: the adapter of kinds.Other made a kinds.Base",
        "value cannot be restored: ZeroDivisionError: integer division or modulo by zero",
    ], done.stderr


LONG = """
options["limits"] = {"max_items": 10}

@spacetimepy.line
def work(handle):
    return handle

main(lambda: work(Handle([1] * 100)), capture=Handle.state)
"""


def test_what_was_cut_is_not_restored(recorded: Recorded) -> None:
    (call,) = recorded(LONG)
    cut = call.value.payload
    assert (cut.fidelity, len(cut), list(cut)) == ("truncated", 100, [1] * 10)
    with pytest.raises(RestoreError, match="larger than the size limit"):
        call.value.restore()


COMPARED = """
class Other(Handle):
    pass

def capture(handle):
    return handle.state()

@spacetimepy.line
def work(handle, other):
    return [handle, other]

def start():
    work(Handle([1]), Other((2,)))

def compare():
    states = spacetimepy.open("run.spacetime").call(1).states
    handle, other = states[-1].locals.values()
    failing = Handle(None)
    _states.pop(id(failing))
    print(handle == Handle([1]), other == Other((2,)))
    print([handle, other] == [Handle([1]), Other((2,))])
    print(handle == Handle([2]), handle == Other([1]), handle == failing, handle == [1])
    if len(sys.argv) > 1:
        # Without an adapter of its own a type has that of its base, of two the later.
        spacetimepy.adapter(Other, capture=lambda other: 3, restore=restore)
        print(other == Other((2,)), handle == Handle([1]))

main(start, capture=capture)
"""


def test_living_objects_are_asked_what_they_are(
    recorded: Recorded, run: Run, tmp_path: Path
) -> None:
    recorded(COMPARED)
    program = (tmp_path / "program.py").read_text().replace("main(start", "main(compare")
    program = program.replace("with spacetimepy.init_monitoring", "if True: #")
    (tmp_path / "compare.py").write_text(program)
    done = run(sys.executable, "compare.py", "record", cwd=tmp_path)
    assert done.stdout == "True True\nTrue\nFalse False False False\nFalse True\n", done.stderr
