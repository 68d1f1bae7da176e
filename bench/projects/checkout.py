"""A project unpacked in a folder of its own, and runs of its tests there.

The folder keeps what a next run uses again: the virtual environment, the sources, and a stamp that
says what they were made of. It is written last, so that a folder without it is made anew. What one
run makes is in a folder below, which goes with it. Start with `Checkout`.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import tarfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any, Self

from pinned import PYTEST, Project

__all__ = ["Checkout", "Run", "UnpreparedError"]

HERE = Path(__file__).parent
PACKAGE = HERE.parent.parent / "python"


class UnpreparedError(Exception):
    """A project could not be fetched or its tests do not run: one line says why."""


@dataclasses.dataclass(frozen=True)
class Run:
    """One run of a suite: user and system time of all its processes, the outcome of each test."""

    cpu: float
    outcomes: dict[str, str]


class Checkout:
    """A project in the cache; a context manager that leaves nothing of its runs there.

    Args:
        project: Which.
        cache: The folder of all projects.
        keeps_trace: Whether the last trace is left, until the next run.
    """

    def __init__(self, project: Project, cache: Path, *, keeps_trace: bool = False) -> None:
        self.project = project
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        self.folder = cache / f"{project.name}-python{python}"
        self.python = self.folder / "venv" / "bin" / "python"
        self._run = self.folder / "run"
        self._keeps_trace = keeps_trace
        self.trace = self.folder / "bench.spacetime" if keeps_trace else self._run / "run.spacetime"

    def __enter__(self) -> Self:
        self._prepare()
        shutil.rmtree(self._run, ignore_errors=True)
        self._run.mkdir()
        for kept in self.folder.glob("bench.spacetime*"):
            kept.unlink()
        return self

    def __exit__(self, *error: object) -> None:
        shutil.rmtree(self._run, ignore_errors=True)

    @property
    def sources(self) -> Path:
        """The unpacked distribution: the one folder in the archive."""
        (found,) = (self.folder / "sources").iterdir()
        return found

    def _prepare(self) -> None:
        """Downloads and installs, unless that was done before with the same pins."""
        stamp = self.folder / "prepared.json"
        interpreter = [sys.version, sys.base_prefix]
        wanted = json.dumps([interpreter, PYTEST, dataclasses.asdict(self.project)])
        if stamp.exists() and stamp.read_text() == wanted:
            return
        if self.folder.exists():
            shutil.rmtree(self.folder)
        self.folder.mkdir(parents=True)
        # Where the project has no configuration, that of a folder above is not meant.
        (self.folder / "pytest.ini").write_text("[pytest]\n")
        self._check(sys.executable, "-m", "venv", str(self.folder / "venv"))
        pip = (str(self.python), "-m", "pip", "--quiet", "--disable-pip-version-check")
        install = (*pip, "--retries=2", "install")
        self._check(*install, *PYTEST, *self.project.needs)
        archives = self.folder / "archive"
        pinned = f"{self.project.name}=={self.project.version}"
        download = (*pip, "--retries=2", "download", "--no-deps", "--no-binary=:all:")
        self._check(*download, f"--dest={archives}", pinned)
        (archive,) = archives.glob("*.tar.gz")
        with tarfile.open(archive) as tar:
            tar.extractall(self.folder / "sources", filter="data")
        shutil.rmtree(archives)
        self._check(*install, "--no-deps", str(self.sources))
        stamp.write_text(wanted)

    def _check(self, *command: str) -> None:
        """Runs a command that must succeed."""
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            lines = done.stdout.strip().splitlines() or [f"{command} ended with {done.returncode}"]
            raise UnpreparedError(f"{self.project} cannot be prepared: {lines[-1]}")

    def run(self, *options: str, path: str = str(PACKAGE), **variables: str) -> Run:
        """Runs the suite once."""
        report, output = self._run / "report.xml", self._run / "output.txt"
        report.unlink(missing_ok=True)
        command = [str(self.python), "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        command += ["-p", "spacetimepy.pytest_plugin", f"--junitxml={report}"]
        environment = os.environ | {"PYTHONPATH": path, "PYTHONHASHSEED": "0"} | variables
        # Compiled modules are kept, as on anybody's machine.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        with output.open("w") as written:
            process = subprocess.Popen(
                [*command, *options, *self.project.tests],
                cwd=self.sources,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=subprocess.STDOUT,
            )
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if not report.exists():
            text = output.read_text(errors="replace")[-4000:]
            raise UnpreparedError(f"{self.project}: pytest made no report:\n{text}")
        return Run(usage.ru_utime + usage.ru_stime, outcomes_in(report))

    def run_recorded(self, *options: str, **others: str) -> Run:
        """Runs the suite once with each line of its tests recorded."""
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self.trace}{suffix}").unlink(missing_ok=True)
        return self.run("--spacetime=line", f"--spacetime-path={self.trace}", *options, **others)

    def restore(self, drawn: list[Any], n_restored: int, *, shows: bool) -> dict[str, Any]:
        """Runs the suite once beside the oracle, and restores what that copied.

        Args:
            drawn: What is to be copied, as `drawing.draw` gives it.
            n_restored: How many of the copies found again are restored.
            shows: Whether values that come back different are shown.

        Returns:
            What `restorable.py` prints.
        """
        wanted, copies = self._run / "wanted.json", self._run / "copies.json"
        wanted.write_text(json.dumps(drawn))
        copies.unlink(missing_ok=True)
        path = f"{PACKAGE}{os.pathsep}{HERE}"
        variables = {"RESTORABLE_WANTED": str(wanted), "RESTORABLE_COPIES": str(copies)}
        self.run_recorded("-p", "copying", path=path, **variables)
        script = str(HERE / "restorable.py")
        command = [str(self.python), script, str(self.trace), str(copies), str(n_restored)]
        done = subprocess.run(
            [*command, *(["--show"] if shows else [])],
            cwd=self.sources,
            env=os.environ | {"PYTHONPATH": path, "PYTHONHASHSEED": "0"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise UnpreparedError(f"{self.project}: {script} ended with {done.returncode}")
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found


def outcomes_in(report: Path) -> dict[str, str]:
    """The outcome of each test that a JUnit report names."""
    outcomes: dict[str, str] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        # A test without a remark passed; one that fails twice (as its tear-down) has two.
        remarks = sorted({part.tag for part in case} & {"failure", "error", "skipped"})
        outcomes[name] = "+".join(filter(None, [outcomes.get(name), *remarks])) or "passed"
    return outcomes
