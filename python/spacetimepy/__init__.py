"""Record a Python program, look at any state of it."""

from spacetimepy._native import __version__

__all__ = ["__version__"]
