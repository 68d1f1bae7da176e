"""Recording tests under pytest: what to record, and which call is which test.

One object stands in each process that pytest runs: the only one, or the controller and the workers
of `pytest-xdist`. The process that the user started makes the trace; those that run tests record
into it, each into sessions of its own.

At `line` and `function` a process records one session, and notes at the call of each test its node
id and outcome. At `failed` each attempt at a test is a session named by the node id, which is
discarded at its end unless the test failed and something of it was recorded; processes that tests
fork are not recorded there, since they do not know how the test ends.

Below a failure stands the command that shows it. What it shows is stored before.

Recorded are the functions of tests, the fixtures of the user's own files, and the set-up and
tear-down functions of xUnit style, each with the functions inside it. They are handed to the
recorder right before they run for the first time.

The hooks run between patches that tests make, so the means are those of `spacetimepy._isolation`.
"""

from __future__ import annotations

import os
import sys
from _json import encode_basestring_ascii as _quoted
from os import getpid as _getpid
from types import CodeType

import pytest

from spacetimepy import _native, decorators, recording
from spacetimepy._isolation import absolute, exact, isolate, members_of, storable
from spacetimepy._phrasing import as_typed, counted, shell_quoted
from spacetimepy.errors import SpacetimeError
from spacetimepy.patterns import is_own_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from typing import Any

    from spacetimepy.recording import Recorder

__all__ = ["TestRecording"]

isolate(globals())

_modules = sys.modules
# The base of `pytest.Item`, `pytest.Module` and so on, under no public name.
_Node: type = pytest.Item.__mro__[1]
DEFAULT_NAME = "pytest.spacetime"

# What xUnit frameworks call before and after tests.
_XUNIT_OF_MODULES = (
    *("setup_module", "teardown_module", "setup_function", "teardown_function"),
    *("setUpModule", "tearDownModule"),
)
_XUNIT_OF_CLASSES = (
    *("setup_class", "teardown_class", "setup_method", "teardown_method"),
    *("setUpClass", "tearDownClass", "setUp", "tearDown", "asyncSetUp", "asyncTearDown"),
)
_FAILURES = ("failed", "error", "interrupted")
_NOTHING_RECORDED = (
    "nothing of this was recorded: recorded are test functions, and fixtures of your own files"
)


class TestRecording:
    """The plugin of one process; its hooks are called by pytest.

    Args:
        config: pytest's own.
        level: `line`, `function` or `failed`.
        path: The trace, as the user gave it.
    """

    __test__ = False

    def __init__(self, config: pytest.Config, level: str, path: str | None) -> None:
        self._config = config
        self._by_line = level != "function"
        self._keeps_failures_alone = level == "failed"
        # What pytest-xdist gives to its workers.
        self._worker: dict[str, Any] | None = getattr(config, "workerinput", None)
        folder = str(config.invocation_params.dir)
        self._path = absolute(os.path.join(folder, path or DEFAULT_NAME))
        self._begins_afresh = not path
        if self._worker is not None:
            self._path = self._worker["spacetime_path"]
        self._shown_path = as_typed(self._path, folder)
        self._recorder: Recorder | None = None
        # Whether a worker has tried to open the trace.
        self._has_begun = False
        self._last_session_before: int | None = None
        self._problems: list[str] = []
        self._has_told = False
        # By identity: equal code objects of two functions are two.
        self._recorded: dict[int, CodeType] = {}
        self._seen_holders: dict[int, object] = {}
        self._attempt: _Attempt | None = None
        self._phase_start = 0
        self._n_outcomes: dict[str, int] = {}
        # By the code that failed: what a fixture of a wide scope raised is raised again for each
        # test that asks for it.
        self._commands: dict[int, str] = {}

    # -- the life of the trace ---------------------------------------------------------------------

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, Any, Any]:
        """Makes the trace, once there are tests to run."""
        option = self._config.option
        is_cut = session.testsfailed and not option.continue_on_collection_errors
        is_controller = getattr(option, "dist", "no") != "no"
        has_tests = bool(session.items) or is_controller
        if self._worker is None and has_tests and not option.collectonly and not is_cut:
            try:
                self._open(overwrite=self._begins_afresh)
            except SpacetimeError as error:
                raise pytest.UsageError(f"--spacetime: {error}") from None
            sessions = _native.Trace(self._path).sessions()
            self._last_session_before = sessions[-1]["id"] if sessions else 0
            if is_controller:
                self._close("completed", None)
        return (yield)

    def _open(self, *, overwrite: bool = False) -> None:
        recorder = recording._start(
            self._path,
            selection=None,
            overwrite=overwrite,
            ignore_types=_own_types(),
            follows_forks=not self._keeps_failures_alone,
            follows_programs=False,
        )
        # Tests of programs that record themselves are recorded here as well, and do not close it.
        recorder.is_given = True
        worker = "" if self._worker is None else f" {self._worker['workerid']}"
        recorder.program_name = f"pytest{worker}"
        self._recorder = recorder

    def _close(self, kind: _native._ExitKind, message: str | None) -> None:
        recorder = self._here()
        self._recorder = None
        if recorder is None:
            return
        try:
            if self._attempt is not None:
                self._attempt.outcome, self._attempt.ending = "interrupted", ("interrupted", None)
                self._end_attempt(recorder, self._attempt)
            if recorder.session is not None:
                outcomes = [f"{_quoted(name)}: {n}" for name, n in self._n_outcomes.items()]
                metadata = f'{{"outcomes": {{{", ".join(outcomes)}}}}}'
                recorder._native.describe_session(recorder.program_name, None, metadata)
            if recorder._close(kind, message).get("moved_to"):
                self._path, self._shown_path = recorder.path, shell_quoted(recorder.path)
        except SpacetimeError as error:
            self._give_up(recorder, error)

    def _give_up(self, recorder: Recorder, error: SpacetimeError) -> None:
        """The tests go on without being recorded, which the summary says."""
        self._recorder = self._attempt = None
        try:
            recorder._close("completed", None)
        except SpacetimeError as reason:
            error = reason
        self._problems.append(str(error))

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, exitstatus: int) -> Generator[None, Any, Any]:
        """Completes the trace, after the last fixture was torn down and before the summary."""
        result = yield
        if exitstatus == pytest.ExitCode.OK:
            self._close("completed", None)
        elif exitstatus == pytest.ExitCode.INTERRUPTED:
            self._close("interrupted", None)
        else:
            self._close("exit", str(int(exitstatus)))
        if self._worker is not None:
            output: dict[str, Any] = self._config.workeroutput  # type: ignore[attr-defined]
            output["spacetime_problems"] = self._problems
        return result

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tells a worker of pytest-xdist where the trace is."""
        node.workerinput["spacetime_path"] = self._path

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Takes over what a worker has to say."""
        self._problems += getattr(node, "workeroutput", {}).get("spacetime_problems", ())

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, crashitem: str, report: Any) -> None:
        """A worker of pytest-xdist died in a test."""
        worker = f"pytest {report.node.gateway.id}"
        try:
            text = self._command_at_crash(storable(crashitem), worker)
        except SpacetimeError as error:
            text = str(error)
        _add_section(report, text)

    def _command_at_crash(self, nodeid: str, worker: str) -> str:
        """The command that shows where the process of a test was last, as far as it was stored."""
        trace = _native.Trace(self._path)
        name = nodeid if self._keeps_failures_alone else worker
        call = None
        for session in self._new_sessions(trace):
            if session["name"] == name and session["origin_session"] is None:
                last = session["first_call"] + session["n_calls"] - 1
                call = trace.call(last) if session["n_calls"] else None
        of_test = f'"nodeid": {_quoted(nodeid)}'
        while call is not None and call["outcome"] != "open":
            # A process that pytest ends in a test (`pytest.exit`) sees to what it recorded before.
            if of_test in (trace.call_metadata(call["id"]) or ""):
                return self._command_to_show(call["id"])
            call = None if call["parent"] is None else trace.call(call["parent"])
        if call is None:
            return "nothing of this test was stored before its process died"
        return f"what its process stored last:\n{self._command_to_show(call['id'])}"

    def _new_sessions(self, trace: _native.Trace) -> list[_native._SessionRow]:
        before = self._last_session_before or 0
        return [session for session in trace.sessions() if session["id"] > before]

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter, exitstatus: int
    ) -> None:
        """Says what was recorded, where, and the command that opens it."""
        self._tell(terminalreporter, exitstatus)

    @pytest.hookimpl(tryfirst=True)
    def pytest_unconfigure(self) -> None:
        """Says it where pytest had no summary: the program chose the exit code (`pytest.exit`)."""
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None and not self._has_told:
            self._tell(reporter, None)

    def _tell(self, reporter: Any, exitstatus: int | None) -> None:
        self._has_told = True
        for problem in dict.fromkeys(self._problems):
            reporter.write_line(f"spacetime: recording failed: {problem}", red=True)
        if self._last_session_before is not None:
            reporter.write_line(self._closing_line(exitstatus))

    def _closing_line(self, exitstatus: int | None) -> str:
        try:
            new = self._new_sessions(_native.Trace(self._path))
        except SpacetimeError as error:
            return f"spacetime: {error}"
        if not new and self._keeps_failures_alone:
            why = "no test failed"
            if exitstatus == pytest.ExitCode.TESTS_FAILED:
                why = "of what failed nothing could be recorded"
            return f"spacetime: {why}, nothing was kept in {self._shown_path}"
        n_calls, n_states = (sum(s[name] for s in new) for name in ("n_calls", "n_states"))
        what = f"{counted(n_calls, 'call')}, {counted(n_states, 'state')}"
        if len(new) > 1:
            what += f" in {counted(len(new), 'session')}"
        command = f"spacetime {'ls' if len(new) > 1 else 'show'} {self._shown_path}"
        return f"spacetime: recorded {what} in {self._shown_path}; to look at it: {command}"

    # -- tests -------------------------------------------------------------------------------------

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """An attempt at a test begins."""
        if self._worker is not None and not self._has_begun:
            self._has_begun = True
            try:
                self._open()
            except SpacetimeError as error:
                self._problems.append(str(error))
        recorder = self._here()
        if recorder is not None:
            try:
                self._begin_attempt(recorder, item)
            except SpacetimeError as error:
                self._give_up(recorder, error)
        return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Generator[None, Any, Any]:
        """A fixture is about to run."""
        recorder = self._here()
        if recorder is not None:
            self._record(recorder, fixturedef.func)
        return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """The function of a test is about to run."""
        recorder, attempt = self._here(), self._attempt
        if recorder is None or attempt is None or not isinstance(item, pytest.Function):
            return (yield)
        code = self._record(recorder, _function_of(item), is_test=True)
        self._phase_start = recorder._native.n_calls
        attempt.is_running = True
        try:
            return (yield)
        finally:
            attempt.is_running = False
            if code is not None and self._here() is recorder:
                attempt.call = self._call_of(recorder, code)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self) -> Generator[None, Any, Any]:
        """What was set up for a test is about to be torn down."""
        recorder = self._here()
        if recorder is not None:
            self._phase_start = recorder._native.n_calls
        return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """A phase of a test is over."""
        report = yield
        recorder, attempt = self._here(), self._attempt
        if recorder is None or attempt is None:
            return report
        try:
            self._take_in(recorder, attempt, report, call)
        except SpacetimeError as error:
            self._give_up(recorder, error)
        return report

    def _take_in(
        self,
        recorder: Recorder,
        attempt: _Attempt,
        report: pytest.TestReport,
        call: pytest.CallInfo[None],
    ) -> None:
        attempt.take_in(report)
        exception = None if call.excinfo is None else call.excinfo.value
        if exception is not None and report.failed:
            attempt.ending = recording._how_it_ended(exception)
        # pytest takes a test that came to its end for failed if a part of it (`subtests`) failed.
        is_report_of_whole_test = report.when == "call" and not attempt.is_running
        if report.failed or (is_report_of_whole_test and attempt.outcome == "failed"):
            _add_section(report, self._command_at_failure(recorder, attempt, report, exception))
        if report.when == "teardown":
            self._end_attempt(recorder, attempt)

    def _here(self) -> Recorder | None:
        """The recorder, if it records this process; at `failed` a forked child has none."""
        recorder = self._recorder
        return recorder if recorder is not None and recorder._pid == _getpid() else None

    def _begin_attempt(self, recorder: Recorder, item: pytest.Item) -> None:
        nodeid = storable(item.nodeid)
        if recorder.session is None:
            if self._keeps_failures_alone:
                recorder._begin_session(nodeid, is_implicit=True)
            else:
                recorder._begin_implicit_session()
        assert recorder.session is not None
        self._phase_start = recorder._native.n_calls
        self._attempt = _Attempt(nodeid, recorder.session.id, self._phase_start)
        self._record_members(recorder, getattr(item, "module", None), _XUNIT_OF_MODULES)
        self._record_members(recorder, getattr(item, "cls", None), _XUNIT_OF_CLASSES)

    def _end_attempt(self, recorder: Recorder, attempt: _Attempt) -> None:
        self._attempt = None
        self._n_outcomes[attempt.outcome] = self._n_outcomes.get(attempt.outcome, 0) + 1
        if not attempt.is_in_session_of(recorder):
            return
        if attempt.call is not None:
            attempt.describe(recorder, attempt.call)
        if self._keeps_failures_alone:
            if attempt.outcome in _FAILURES and recorder._native.n_calls:
                recorder._end_session(*attempt.ending)
            else:
                recorder._discard_session()

    # -- what is recorded --------------------------------------------------------------------------

    def _record_members(self, recorder: Recorder, holder: Any, names: tuple[str, ...]) -> None:
        """Records those functions of a module or a class that have one of the names."""
        if holder is None or id(holder) in self._seen_holders:
            return
        self._seen_holders[id(holder)] = holder
        for part in holder.__mro__ if isinstance(holder, type) else (holder,):
            members = vars(part)
            for name in names:
                if name in members:
                    self._record(recorder, members[name])

    def _record(
        self, recorder: Recorder, function: Any, *, is_test: bool = False
    ) -> CodeType | None:
        """Records a function of the user's own, with the functions inside it; gives its code."""
        try:
            code = decorators._codes_of(function)[0]
        except Exception:
            return None
        if id(code) in self._recorded:
            return code
        if not is_test and not is_own_file(exact(code.co_filename)):
            return None
        for part in _with_inner(code):
            self._recorded[id(part)] = part
            recorder._native.monitor(part, line=self._by_line)
        return code

    def _call_of(self, recorder: Recorder, code: CodeType) -> int | None:
        """The last call of the code in this phase."""
        last = recorder._native.last_call_of(code)
        return last if last is not None and last >= self._phase_start else None

    def _command_at_failure(
        self,
        recorder: Recorder,
        attempt: _Attempt,
        report: pytest.TestReport,
        exception: BaseException | None,
    ) -> str:
        """The command that shows what failed, once it can be read; or why there is none."""
        if not attempt.is_in_session_of(recorder):
            return f"spacetime ls {self._shown_path}"
        code = self._code_that_failed(exception)
        if code is None:
            return self._command_for(recorder, attempt, attempt.call)
        failed = recorder._native.last_call_of(code)
        is_again = report.when != "teardown" and (failed is None or failed < attempt.first_call)
        if is_again and id(code) in self._commands:
            return self._commands[id(code)]
        if not is_again and report.when != "call" and failed is not None:
            attempt.describe(recorder, failed, when=report.when)
        shown = attempt.call if failed is None else failed
        command = self._command_for(recorder, attempt, shown)
        if shown is not None:
            self._commands[id(code)] = command
        return command

    def _code_that_failed(self, exception: BaseException | None) -> CodeType | None:
        """The innermost recorded code through which the exception came."""
        found = None
        traceback = None if exception is None else exception.__traceback__
        while traceback is not None:
            code = traceback.tb_frame.f_code
            if id(code) in self._recorded:
                found = code
            traceback = traceback.tb_next
        return found

    def _command_for(self, recorder: Recorder, attempt: _Attempt, call: int | None) -> str:
        """The command that shows the last state of a call of the open session, if there is any."""
        if attempt.call is not None:
            attempt.describe(recorder, attempt.call)
        if call is None:
            return _NOTHING_RECORDED
        if self._worker is not None or attempt.is_running:
            # The reports of a worker outlive it: it may not live to store the call later.
            recorder.flush()
        id = recorder._native.id_of_call(call)
        state = -1
        if attempt.is_running:
            # A part of the test failed: the test may go on.
            found = _native.Trace(self._path).call(id)
            state = found["n_states"] - 1 if found["outcome"] == "open" else -1
        return self._command_to_show(id, state)

    def _command_to_show(self, call: int, state: int = -1) -> str:
        index = f":{state}" if self._by_line else ""
        return f"spacetime show {self._shown_path} {call}{index}"


def _own_types() -> tuple[type, ...]:
    """Types of pytest itself, which lead from a test to all others: no values of the program."""
    types = [pytest.Config, pytest.FixtureRequest, pytest.PytestPluginManager, _Node]
    # A test case of `unittest` refers to one while it runs, and that to pytest.
    case = members_of(_modules.get("unittest.case")).get("_Outcome")
    return (*types, case) if isinstance(case, type) else (*types,)


class _Attempt:
    """A test that is being run."""

    def __init__(self, nodeid: str, session: int, first_call: int) -> None:
        self.nodeid = nodeid
        self.session = session
        # The calls of this attempt count from here.
        self.first_call = first_call
        # The call of the test's own function, by its number in the session.
        self.call: int | None = None
        self.outcome = "passed"
        # Reports that come while its function runs are about parts of it.
        self.is_running = False
        self.ending: tuple[_native._ExitKind, str | None] = ("completed", None)

    def is_in_session_of(self, recorder: Recorder) -> bool:
        """Whether the session is still open: the test may have opened another."""
        return recorder.session is not None and recorder.session.id == self.session

    def take_in(self, report: pytest.TestReport) -> None:
        """Learns the outcome of a phase; what went wrong first has the last word."""
        if self.outcome in _FAILURES or (self.is_running and not report.failed):
            return
        if report.failed:
            self.outcome = "failed" if report.when == "call" else "error"
        elif hasattr(report, "wasxfail"):
            self.outcome = "xfailed" if report.skipped else "xpassed"
        elif report.skipped:
            self.outcome = "skipped"

    def describe(self, recorder: Recorder, call: int, *, when: str | None = None) -> None:
        """Notes at a call which test it was, and for what is no test's own which phase."""
        facts = {"nodeid": self.nodeid, "outcome": self.outcome}
        if when is not None:
            facts["when"] = when
        members = [f"{_quoted(name)}: {_quoted(fact)}" for name, fact in facts.items()]
        recorder._native.describe_call(call, f"{{{', '.join(members)}}}")


def _function_of(item: pytest.Function) -> Any:
    """The function that the user wrote."""
    # Hypothesis calls it in a function of its own.
    inner = getattr(getattr(item.obj, "hypothesis", None), "inner_test", None)
    return item.obj if inner is None else inner


def _with_inner(code: CodeType) -> Iterator[CodeType]:
    pending = [code]
    while pending:
        code = pending.pop()
        yield code
        pending.extend(const for const in code.co_consts if type(const) is CodeType)


def _add_section(report: pytest.TestReport, text: str) -> None:
    """Adds to what pytest prints of a failure."""
    add = getattr(report.longrepr, "addsection", None)
    if add is None:
        report.sections.append(("spacetime", text))
    else:
        add("spacetime", text)
