"""The pytest plugin: `pytest --spacetime=line` records each test.

pytest loads this module in every run, so that it holds the options alone; what records tests
(`spacetimepy._test_recording`) is imported when the option asks for it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import pytest

__all__ = ["pytest_addoption", "pytest_configure"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds `--spacetime` and `--spacetime-path`."""
    group = parser.getgroup("spacetime", "recording tests (spacetimepy)")
    group.addoption(
        "--spacetime",
        choices=("line", "function", "failed"),
        help="record test functions, and the fixtures of your own files, so that any state of them "
        "can be looked at afterwards: each executed line (line), calls with arguments and results "
        "alone (function), or each executed line of the tests that fail (failed). In processes "
        "that tests fork as well, unless failures alone are kept; not in programs that they start",
    )
    group.addoption(
        "--spacetime-path",
        metavar="FILE",
        help="the trace; one that exists gets further sessions. If not given, pytest.spacetime in "
        "the folder where pytest is started, which each run begins afresh",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Begins to record tests if the command line asks for it."""
    level = config.getoption("spacetime")
    if level is not None:
        from spacetimepy._test_recording import TestRecording

        recording = TestRecording(config, level, config.getoption("spacetime_path"))
        config.pluginmanager.register(recording, "spacetime-recording")
