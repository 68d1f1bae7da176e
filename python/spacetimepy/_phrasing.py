"""What is told to the user after a run is put into words here, whoever ran the program.

By the means of `spacetimepy._isolation`: the program may have patched anything by then.
"""

from __future__ import annotations

import re
from os import getcwd as _working_folder

from spacetimepy._isolation import isolate

__all__ = ["as_typed", "counted", "shell_quoted"]

isolate(globals())

# What needs no quotes in a shell.
_is_plain = re.compile(r"[\w@%+=:,./-]+", re.ASCII).fullmatch


def counted(number: int, noun: str) -> str:
    """A number with its noun.

    >>> counted(1, "call"), counted(1234, "state")
    ('1 call', '1,234 states')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def as_typed(path: str, folder: str | None = None) -> str:
    """The path as one would type it in a folder, by default the working one.

    >>> as_typed("/srv/my run.spacetime", "/srv"), as_typed("/srv/-x", "/srv")
    ("'my run.spacetime'", './-x')
    """
    try:
        folder = _working_folder() if folder is None else folder
        relative = path.removeprefix(f"{folder}/")
    except OSError:
        relative = path
    if relative.startswith("-"):
        # No option.
        relative = f"./{relative}"
    return shell_quoted(relative)


def shell_quoted(path: str) -> str:
    """The path as a shell takes it.

    >>> shell_quoted("/srv/run.spacetime"), shell_quoted("/srv/my run.spacetime")
    ('/srv/run.spacetime', "'/srv/my run.spacetime'")
    """
    if _is_plain(path):
        return path
    return "'" + path.replace("'", "'\"'\"'") + "'"
