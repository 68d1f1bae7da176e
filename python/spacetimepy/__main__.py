"""The command `spacetime`: the command line is read in Rust, programs are run by Python."""

from __future__ import annotations

import sys

from spacetimepy import _native
from spacetimepy._isolation import isolate

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
    outcome = _native.main(sys.argv[1:] if argv is None else argv)
    if isinstance(outcome, int):
        return outcome
    from spacetimepy._run import run

    return run(outcome)


if __name__ == "__main__":
    sys.exit(main())
