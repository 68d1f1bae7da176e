"""The command `spacetime`: the command line is read in Rust, programs are run by Python."""

from __future__ import annotations

import sys

from spacetimepy import _native
from spacetimepy._isolation import isolate, storable

__all__ = ["main"]

isolate(globals())


def main(argv: list[str] | None = None) -> int:
    """Runs the command line; returns its exit code.

    Args:
        argv: The words after the command's name; those of the process, if not given.

    >>> main(["--version"]) # doctest: +ELLIPSIS
    spacetime ...
    0
    """
    words = sys.argv[1:] if argv is None else argv
    outcome = _native.main([storable(word) for word in words])
    if isinstance(outcome, int):
        return outcome
    from spacetimepy._run import run

    # The program's own words as they are: they need not be UTF-8.
    return run(outcome, words[len(words) - len(outcome.args) :])


if __name__ == "__main__":
    sys.exit(main())
