"""Runs the test suites of real projects with and without recording, and says what it cost.

    cargo xtask bench projects [-- --only NAME] [-- --turns N]

Each project comes from its source distribution, pinned with all that its tests need, and is run by
its own pytest: plain and with `--spacetime=line` in turns, so that a busy machine troubles both
alike. The first run of each fills caches and is not counted. A row says

* whether every test had the same outcome with and without recording;
* the CPU that recording added: user and system time of the whole process tree, median of the turns;
* the size of the trace and its states;
* how many (state, variable) pairs can be viewed whole. Kinds that no recorder can show by value
  (locks, sockets, threads, running generators, C iterators) are counted apart;
* how many of 1,000 random recorded values, restored in a fresh process, are what an oracle copied
  when they were recorded (`restorable.py` says how). Those that hold something of the kinds above,
  or that was left out on purpose, are counted apart here too.

The exit code is 1 if anything is over its budget.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import shutil
import statistics
import subprocess
import sys
import tarfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PACKAGE = HERE.parent / "python"
MEBIBYTE = 1 << 20

MOST_ADDED_CPU = 0.15
MOST_BYTES = 10 * MEBIBYTE
LEAST_VIEWABLE = 1.0
LEAST_RESTORABLE = 0.95
N_RESTORED = 1000
# What is left out on purpose: objects of pytest itself, and what lies beyond the limits.
ON_PURPOSE = ("excluded by the user", "larger than the size limit")


@dataclasses.dataclass(frozen=True)
class Project:
    """A source distribution and how its tests are run.

    Args:
        name: As the package index has it.
        version: Pinned.
        tests: Arguments of pytest, run in the unpacked distribution.
        needs: Everything else that is installed, pinned.
    """

    name: str
    version: str
    tests: tuple[str, ...]
    needs: tuple[str, ...]


PYTEST = (
    "pytest==8.4.2",
    "pluggy==1.7.0",
    "iniconfig==2.3.1",
    "packaging==26.4",
    "pygments==2.21.0",
)
CHERRYPY_TESTS = (
    *("auth_basic", "auth_digest", "bus", "config", "core", "dynamicobjectmapping", "encoding"),
    *("etags", "httputil", "iterator", "json", "mime", "misc_tools", "objectmapping", "params"),
    *("plugins", "proxy", "request_obj", "routes", "sessionauthenticate", "virtualhost"),
    *("wsgi_ns", "xmlrpc", "logging", "static"),
)

PROJECTS = (
    # A web server: threads and sockets, `unittest` style. Its own options ask for coverage.
    Project(
        "cherrypy",
        "18.10.0",
        (
            *("-o", "addopts=", "-o", "filterwarnings=", "-k", "not test_gc"),
            *(f"cherrypy/test/test_{name}.py" for name in CHERRYPY_TESTS),
        ),
        (
            *("annotated-doc==0.0.7", "annotated-types==0.8.0", "certifi==2026.10.19.post1"),
            *("charset-normalizer==3.5.3", "cheroot==11.1.2", "idna==3.20"),
            *("jaraco.collections==5.2.1", "jaraco.context==6.1.2", "jaraco.functools==4.6.0"),
            *("jaraco.text==4.3.0", "markdown-it-py==4.3.0", "mdurl==0.1.2"),
            *("more-itertools==11.2.1", "objgraph==3.7.0", "path==17.1.1", "portend==3.2.1"),
            *("python-dateutil==4.0.0", "repoze-lru==0.8", "requests==2.34.2"),
            *("requests-toolbelt==1.0.0", "rich==15.0.0", "routes==2.5.1", "setuptools==84.2.1"),
            *("shellingham==1.5.4", "simplejson==4.3.0", "six==1.17.0", "tempora==5.13.0"),
            *("typer-slim==0.24.0", "typer==0.29.2", "typing_extensions==4.16.0"),
            *("urllib3==2.8.0", "zc.lockfile==4.0"),
        ),
    ),
    # A client of a web service: coroutines, many parameters.
    Project(
        "discord.py",
        "2.6.4",
        ("tests",),
        (
            *("aiohappyeyeballs==2.7.1", "aiohttp==3.14.5", "aiosignal==1.4.0"),
            *("attrs==26.1.0", "audioop-lts==0.2.2", "frozenlist==1.8.0", "idna==3.20"),
            *("multidict==7.2.1", "propcache==0.5.4", "pytest-asyncio==1.5.0"),
            *("pytest-mock==3.17.0", "typing-extensions==4.16.0", "tzdata==2026.6"),
            *("yarl==1.25.1", "coverage==7.17.5", "pytest-cov==7.1.0"),
        ),
    ),
    # Data structures and iterators: tests in classes that loop themselves.
    Project("more-itertools", "10.8.0", ("tests",), ()),
    # A parser and writer of configuration files: many parameters, long texts.
    Project("tomlkit", "0.13.3", ("tests",), ("pyyaml==6.0.4",)),
)


@dataclasses.dataclass(frozen=True)
class Run:
    """One run of a suite."""

    cpu: float
    outcomes: dict[str, str]


class Checkout:
    """A project unpacked in a folder of its own, with a virtual environment."""

    def __init__(self, project: Project, cache: Path) -> None:
        self.project = project
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        self.folder = cache / f"{project.name}-{project.version}-python{python}"
        self.python = self.folder / "venv" / "bin" / "python"
        self.trace = self.folder / "bench.spacetime"

    @property
    def sources(self) -> Path:
        """The unpacked distribution: the one folder in the archive."""
        (found,) = (self.folder / "sources").iterdir()
        return found

    def prepare(self) -> None:
        """Downloads and installs, unless that was done before with the same pins."""
        stamp = self.folder / "prepared.json"
        wanted = json.dumps([PYTEST, dataclasses.asdict(self.project)])
        if stamp.exists() and stamp.read_text() == wanted:
            return
        if self.folder.exists():
            shutil.rmtree(self.folder)
        self.folder.mkdir(parents=True)
        # Where the project has no configuration, that of a folder above is not meant.
        (self.folder / "pytest.ini").write_text("[pytest]\n")
        check(sys.executable, "-m", "venv", str(self.folder / "venv"))
        pip = (str(self.python), "-m", "pip", "--quiet", "--disable-pip-version-check")
        check(*pip, "install", *PYTEST, *self.project.needs)
        pinned = f"{self.project.name}=={self.project.version}"
        archives = str(self.folder / "archive")
        check(*pip, "download", "--no-deps", "--no-binary=:all:", "--dest", archives, pinned)
        (archive,) = (self.folder / "archive").glob("*.tar.gz")
        with tarfile.open(archive) as tar:
            tar.extractall(self.folder / "sources", filter="data")
        check(*pip, "install", "--no-deps", str(self.sources))
        stamp.write_text(wanted)

    def run(self, *options: str, path: str = str(PACKAGE), **variables: str) -> Run:
        """Runs the suite once."""
        report = self.folder / "report.xml"
        report.unlink(missing_ok=True)
        command = [str(self.python), "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        command += ["-p", "spacetimepy.pytest_plugin", f"--junitxml={report}"]
        environment = os.environ | {"PYTHONPATH": path, "PYTHONHASHSEED": "0"} | variables
        # Compiled modules are kept, as on anybody's machine.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        with (self.folder / "output.txt").open("w") as output:
            process = subprocess.Popen(
                [*command, *options, *self.project.tests],
                cwd=self.sources,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if not report.exists():
            output_text = (self.folder / "output.txt").read_text()
            raise SystemExit(f"{self.project.name}: pytest made no report:\n{output_text[-4000:]}")
        return Run(usage.ru_utime + usage.ru_stime, outcomes_in(report))

    def run_recorded(self, *options: str, **others: str) -> Run:
        """Runs the suite once with each line of its tests recorded."""
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self.trace}{suffix}").unlink(missing_ok=True)
        return self.run("--spacetime=line", f"--spacetime-path={self.trace}", *options, **others)

    def restore(self) -> tuple[dict[str, int], list[tuple[str, int]]]:
        """Runs the suite once beside the oracle, and restores what that copied.

        Returns:
            How many values had each outcome, and the most frequent reasons of those not equal.
        """
        copies, wanted = self.folder / "copies.json", self.folder / "wanted.json"
        copies.unlink(missing_ok=True)
        path = f"{PACKAGE}{os.pathsep}{HERE}"
        n_wanted = N_RESTORED * 3 // 2  # some states are not found again
        wanted.write_text(json.dumps({"n_wanted": n_wanted, "places": places_in(self.trace)}))
        variables = {"RESTORABLE_COPIES": str(copies), "RESTORABLE_WANTED": str(wanted)}
        self.run_recorded("-p", "restorable", path=path, **variables)
        command = [str(self.python), str(HERE / "restorable.py"), str(self.trace), str(copies)]
        done = subprocess.run(
            [*command, str(N_RESTORED)],
            cwd=self.sources,
            env=os.environ | {"PYTHONPATH": path, "PYTHONHASHSEED": "0"},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        outcomes, reasons = json.loads(done.stdout.splitlines()[-1])
        return outcomes, [(reason, n) for reason, n in reasons]


def check(*command: str) -> None:
    """Runs a command that must succeed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


def outcomes_in(report: Path) -> dict[str, str]:
    """The outcome of each test that a JUnit report names."""
    outcomes: dict[str, str] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        # A test without a remark passed; one that fails twice (as its tear-down) has two.
        remarks = sorted({part.tag for part in case} & {"failure", "error", "skipped"})
        outcomes[name] = "+".join(filter(None, [outcomes.get(name), *remarks])) or "passed"
    return outcomes


def counted(outcomes: dict[str, str]) -> str:
    """How many tests had each outcome."""
    names = sorted(set(outcomes.values()), key=lambda name: (name != "passed", name))
    return ", ".join(f"{sum(o == name for o in outcomes.values())} {name}" for name in names)


def viewable_in(facts: dict[str, Any]) -> tuple[float, int]:
    """The share of variables that can be viewed whole, and how many are counted apart."""
    on_purpose = sum(n for reason, n in facts["not_viewable"] if reason in ON_PURPOSE)
    n_counted = facts["n_variables"] - facts["n_live"] - on_purpose
    return facts["n_viewable"] / n_counted, on_purpose + facts["n_live"]


def opened(trace: Path) -> Any:
    """The trace, open for reading."""
    sys.path.insert(0, str(PACKAGE))
    import spacetimepy

    return spacetimepy.open(trace)


def summary_of(trace: Path) -> dict[str, Any]:
    """What the trace is made of."""
    with opened(trace) as found:
        return found.summary()


def places_in(trace: Path) -> list[tuple[str, int, str]]:
    """The code that ran: file, first line and qualified name."""
    with opened(trace) as found:
        return [(code.file, code.first_line, code.qualname) for code in found.codes()]


def report_on(project: Project, cache: Path, n_turns: int) -> int:
    """Measures a project and prints its rows; gives the number of budgets that were missed."""
    checkout = Checkout(project, cache)
    checkout.prepare()
    plain, recorded = [checkout.run()], [checkout.run_recorded()]
    for _ in range(n_turns):
        plain.append(checkout.run())
        recorded.append(checkout.run_recorded())
    outcomes = plain[0].outcomes
    differing = {
        test
        for run in [*plain, *recorded]
        for test in outcomes.keys() | run.outcomes.keys()
        if outcomes.get(test) != run.outcomes.get(test)
    }
    cpus = [[run.cpu for run in runs[1:]] for runs in (plain, recorded)]
    added = statistics.median(r / p for p, r in zip(*cpus, strict=True)) - 1
    n_bytes = checkout.trace.stat().st_size
    facts = summary_of(checkout.trace)
    viewable, apart = viewable_in(facts)
    restored, reasons = checkout.restore()
    n_too_large, n_apart = restored.pop("too large"), restored.get("apart", 0)
    n_tried = sum(restored.values())
    restorable = restored.get("equal", 0) / max(1, n_tried - n_apart)
    rows = [
        ("tests", counted(outcomes), "the same", not differing),
        (
            "added CPU",
            f"{added:+.1%} of {statistics.median(cpus[0]):.2f} s",
            f"{MOST_ADDED_CPU:.0%}",
            added <= MOST_ADDED_CPU,
        ),
        (
            "trace",
            f"{n_bytes / MEBIBYTE:.2f} MiB",
            f"{MOST_BYTES // MEBIBYTE} MiB",
            n_bytes <= MOST_BYTES,
        ),
        ("recorded", f"{facts['n_states']:,} states in {facts['n_calls']:,} calls", "", None),
        (
            "viewable",
            f"{viewable:.2%} of {facts['n_variables']:,} variables; apart: {apart:,}",
            f"{LEAST_VIEWABLE:.0%}",
            viewable >= LEAST_VIEWABLE,
        ),
        (
            "restorable",
            f"{restorable:.2%} of {n_tried:,} values; apart: {n_apart:,}, no copy: {n_too_large:,}",
            f"{LEAST_RESTORABLE:.0%}",
            restorable >= LEAST_RESTORABLE,
        ),
    ]
    print(f"{project.name} {project.version}")
    for what, figure, budget, is_met in rows:
        verdict = {None: "", True: "PASS", False: "OVER"}[is_met]
        print(f"  {what:<10} {figure:<70} {budget:>10}  {verdict}", flush=True)
    for reason, n_variables in facts["not_viewable"][:20]:
        print(f"    {n_variables:>6}  {reason}")
    for reason, n_values in reasons:
        print(f"    {n_values:>6}  {reason}")
    for test in sorted(differing)[:20]:
        print(f"  differs: {test}: {[run.outcomes.get(test) for run in [*plain, *recorded]]}")
    return sum(is_met is False for *_, is_met in rows)


def main() -> None:
    """Measures the projects that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", help="the project whose name has this in it")
    parser.add_argument("--turns", type=int, default=5, help="counted runs of each kind")
    parser.add_argument("--cache", type=Path, required=True, help="where projects are unpacked")
    options = parser.parse_args()
    cache = options.cache.resolve()
    chosen = [p for p in PROJECTS if options.only is None or options.only in p.name]
    n_over = sum(report_on(project, cache, options.turns) for project in chosen)
    raise SystemExit(1 if n_over else 0)


if __name__ == "__main__":
    main()
