"""Runs CPython's own tests of one module and writes each test's outcome as JSON.

    python run_stdlib_tests.py MODULE OUT.json
    python run_stdlib_tests.py MODULE OUT.json TRACE.spacetime line|function RECORDED

With a trace, the code of the module `RECORDED` is recorded at that granularity while the tests run.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import unittest
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Two million random numbers: half a minute even without recording, and nothing that the other tests
# of kernel density estimation do not execute. And five thousand generators, each of which hands on
# all that those below it give: millions of states that differ in nothing.
LEFT_OUT = {
    "test.test_statistics.TestKDE.test_kde_random",
    "test.test_json.test_recursion.TestPyRecursion.test_highly_nested_objects_encoding",
}


class Outcomes(unittest.TestResult):
    """The outcome of each test by its id; subtests that fail count by themselves."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.outcome_by_test: dict[str, str] = {}

    def _note(self, test: Any, outcome: str) -> None:
        self.outcome_by_test[test.id()] = outcome

    def addSuccess(self, test: Any) -> None:  # noqa: N802 (unittest's names)
        self._note(test, "ok")

    def addFailure(self, test: Any, err: Any) -> None:  # noqa: N802
        self._note(test, f"failed: {err[1]}")

    def addError(self, test: Any, err: Any) -> None:  # noqa: N802
        self._note(test, f"error: {err[1]!r}")

    def addSkip(self, test: Any, reason: str) -> None:  # noqa: N802
        self._note(test, f"skipped: {reason}")

    def addExpectedFailure(self, test: Any, err: Any) -> None:  # noqa: N802
        self._note(test, "failed as expected")

    def addUnexpectedSuccess(self, test: Any) -> None:  # noqa: N802
        self._note(test, "succeeded unexpectedly")

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:  # noqa: N802
        if err is not None:
            self._note(subtest, f"failed: {err[1]!r}")


def tests_of(suite: unittest.TestSuite) -> Iterator[unittest.TestCase]:
    """The single tests of a suite, without those left out."""
    for part in suite:
        if isinstance(part, unittest.TestSuite):
            yield from tests_of(part)
        elif part.id() not in LEFT_OUT:
            yield part


def recording(
    trace: str, granularity: str, recorded: str
) -> contextlib.AbstractContextManager[Any]:
    """Records a module's code into the trace."""
    import spacetimepy

    patterns: dict[str, Any] = {granularity: [recorded]}
    return spacetimepy.record(trace, name=recorded, **patterns)


def main(module: str, output: str, *trace: str) -> None:
    """Runs the tests."""
    outcomes = Outcomes()
    printed = io.StringIO()
    context = recording(*trace) if trace else contextlib.nullcontext()
    with context, contextlib.redirect_stdout(printed):
        loaded = unittest.defaultTestLoader.loadTestsFromName(f"test.test_{module}")
        unittest.TestSuite(tests_of(loaded)).run(outcomes)
    Path(output).write_text(json.dumps(outcomes.outcome_by_test, indent=1))


if __name__ == "__main__":
    main(*sys.argv[1:])
