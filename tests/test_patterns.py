"""Which code a pattern means."""

from __future__ import annotations

import pytest
from spacetimepy.errors import PatternError
from spacetimepy.patterns import FUNCTION, LEAVE_ALONE, LINE, Pattern, Selection

HOME = "/home/me/src/game/world.py"
LIBRARY = "/usr/lib/python3.13/site-packages/physics/world.py"

CASES = [
    # pattern, file, module, qualified name, is meant
    ("world.py", HOME, "game.world", "Particle.move", True),
    ("game/world.py", HOME, "game.world", "<module>", True),
    ("ame/world.py", HOME, "game.world", "<module>", False),
    ("src/*.py", HOME, "game.world", "<module>", False),
    ("src/**/*.py", HOME, "game.world", "<module>", True),
    ("src/**/world.py", "/home/me/src/world.py", "world", "<module>", True),
    ("game/", HOME, "game.world", "<module>", True),
    ("/home/me/src/game/*.py", HOME, "game.world", "<module>", True),
    ("w[aeo]rld.py", HOME, "game.world", "<module>", True),
    ("w[!o]rld.py", HOME, "game.world", "<module>", False),
    ("game", HOME, "game.world", "Particle.move", True),
    ("game.world", HOME, "game.world", "Particle.move", True),
    ("game.world.Particle", HOME, "game.world", "Particle.move", True),
    ("game.world.Particle.move", HOME, "game.world", "Particle.move.<locals>.step", True),
    ("game.world.Particle.mov", HOME, "game.world", "Particle.move", False),
    ("gam", HOME, "game.world", "Particle.move", False),
    ("Particle", HOME, "game.world", "Particle.move", True),
    ("Particle.move", HOME, "game.world", "Particle.move", True),
    ("*.move", HOME, "game.world", "Particle.move", True),
    ("move", HOME, "game.world", "Particle.move", False),
    ("**.move", HOME, "game.world", "A.B.move", True),
    ("Particle.move", LIBRARY, "physics.world", "Particle.move", False),
    ("physics", LIBRARY, "physics.world", "Particle.move", True),
    ("*.world", LIBRARY, "physics.world", "Particle.move", True),
    ("__main__", "<string>", "__main__", "main", True),
    ("main.<lambda>", HOME, "game.world", "main.<locals>.<lambda>", True),
]


@pytest.mark.parametrize(("text", "file", "module", "qualname", "is_meant"), CASES)
def test_a_pattern_means(text: str, file: str, module: str, qualname: str, is_meant: bool) -> None:
    assert Pattern(text).matches(file, module, qualname) is is_meant


@pytest.mark.parametrize("text", ["", " ", "a b", "a..b", ".a", "a.", "x(", "[a", "a\n", "1+1"])
def test_what_is_no_pattern_is_refused_at_once(text: str) -> None:
    with pytest.raises(PatternError, match="is not a pattern"):
        Pattern(text)


def code(file: str) -> object:
    return compile("x = 1", file, "exec")


def test_line_wins_over_function_and_each_pattern_that_matches_counts_as_used() -> None:
    selection = Selection(function="game", line=["world.py", "nothing"])
    assert selection.granularity(code(HOME), module="game.world") == LINE
    assert selection.unmatched() == ["nothing"]


def test_a_name_is_asked_of_each_code_object_of_a_file() -> None:
    module = compile("def main(): pass\ndef other(): pass", HOME, "exec")
    main, other = (const for const in module.co_consts if hasattr(const, "co_code"))
    selection = Selection(function="world.py", line=["main", "game.world.late"])
    assert selection.granularity(other, module="game.world") == FUNCTION
    assert selection.granularity(main, module="game.world") == LINE
    assert selection.unmatched() == ["game.world.late"]


def test_without_patterns_the_own_files_are_meant() -> None:
    selection = Selection(own_files=True)
    assert selection.granularity(code(HOME), module="game.world") == FUNCTION
    assert selection.granularity(code(LIBRARY), module="physics.world") == LEAVE_ALONE
    assert selection.granularity(code("<frozen os>"), module="os") == LEAVE_ALONE


def test_the_main_program_goes_by_its_own_name_too() -> None:
    for line in ("tool.run", "tool", "__main__"):
        selection = Selection(line=line)
        assert selection.granularity(code(HOME), module="__main__", found_as="tool.run") == LINE
    selection = Selection(line="tool.run")
    assert selection.granularity(code(HOME), module="__main__") == LEAVE_ALONE
    selection = Selection(line="world")
    assert selection.granularity(code(HOME), module="__main__") == LINE
    selection = Selection(main_line=True)
    assert selection.granularity(code(HOME), module="__main__") == LINE
    assert selection.granularity(code(HOME), module="game.world") == LEAVE_ALONE
