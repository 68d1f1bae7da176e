"""The trace's file, its folder, its descriptors, the disc or the streams are taken away from a
program that is recorded.

The program prints and exits as without recording, what goes wrong is said in a line or two, and
what was stored before can be read.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import spacetimepy
from conftest import Run

PROGRAM = """
import os, resource, signal, sys, time

def first(n):
    items = []
    for i in range(n):
        items.append([i])
    return len(items)

def second(n):
    total = ""
    for i in range(n):
        total = str(hash((i, n)))
    return i

print(first(10), flush=True)
time.sleep(0.5)  # what was recorded is stored by now
TAKE
result = second(20_000)
try:
    print(result, flush=True)
finally:
    with open("../result", "w") as file:
        file.write(str(result))
    sys.exit(7)
"""

# The disc is full: no file can grow beyond what the trace has now.
FULL = """
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
sizes = [os.path.getsize(name) for name in os.listdir() if name.startswith("run.spacetime")]
kept = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (max(sizes, default=4096) + 20_000, kept[1]))
"""
READ_ONLY = """
for name in [name for name in os.listdir() if name.startswith("run.spacetime")]:
    os.chmod(name, 0o400)
os.chmod(".", 0o500)
"""
MOVED = 'os.rename("../folder", "../else where")'
CLOSED = "os.close(1); os.close(2)"
CLOSED_AS_OBJECTS = "sys.stdout.close(); sys.stderr.close()"
NONE = "sys.stdout = sys.stderr = None"
# C code takes the numbers of the trace's descriptors for files of the program.
TAKEN_IN_C = """
import ctypes
c = ctypes.CDLL(None)
link = "/proc/self/fd/{}".format
where = {int(name): os.path.realpath(link(name)) for name in os.listdir(link(""))}
mine = [open(f"../mine{i}", "w+b", buffering=0) for i in range(5)]
for file, number in zip(mine, [number for number in where if "run.spacetime" in where[number]]):
    HOW
mine += [open(f"../more{i}", "w+b", buffering=0) for i in range(5)]
for file in mine:
    file.write(b"mine")
"""


def run_both(run: Run, spacetime: Run, folder: Path, take: str) -> tuple[list[str], Path, str]:
    """Runs the program plain and recorded; gives what only the recorder said, its folder, and what
    both printed."""
    found = []
    for name in ("plain", "recorded"):
        place = folder / name / "folder"
        place.mkdir(parents=True)
        (place / "program.py").write_text(PROGRAM.replace("TAKE", take))
        if name == "plain":
            done = run(sys.executable, "program.py", cwd=place)
        else:
            arguments = ("run", "--line", "-o", "run.spacetime", "program.py")
            done = spacetime(*arguments, cwd=place)
        said = [line for line in done.stderr.splitlines() if line.startswith("spacetime: ")]
        others = [line for line in done.stderr.splitlines() if line not in said]
        result = (place.parent / "result").read_text()
        found.append((done.returncode, done.stdout, others, result))
    assert found[0] == found[1], said
    return said, folder / "recorded", found[0][1]


def calls_in(path: Path) -> list[str]:
    """Names of calls; of each some states are read, and of the first function all."""
    with spacetimepy.open(path) as trace:
        for call in trace.calls():
            n_read = len([state.locals for state in call.states[:100]])
            assert n_read == 23 if call.qualname == "first" else n_read > 0
        return [call.qualname for call in trace.calls()]


def test_no_room_is_left_for_the_trace(run: Run, spacetime: Run, tmp_path: Path) -> None:
    said, folder, _ = run_both(run, spacetime, tmp_path, FULL)
    closing, failure = said
    assert "before recording failed" in closing
    assert "the limit on the size of files is reached" in failure and "ulimit -f" in failure
    assert "first" in calls_in(folder / "folder" / "run.spacetime")


@pytest.mark.parametrize(
    ("take", "place"),
    [
        (READ_ONLY, "folder"),
        (MOVED, "else where"),
        (CLOSED, "folder"),
        (CLOSED_AS_OBJECTS, "folder"),
        (NONE, "folder"),
    ],
    ids=["read-only", "moved", "streams closed", "stream objects closed", "no streams"],
)
def test_what_does_not_concern_an_open_file_harms_no_trace(
    run: Run, spacetime: Run, tmp_path: Path, take: str, place: str
) -> None:
    said, folder, _ = run_both(run, spacetime, tmp_path, take)
    try:
        names = calls_in(folder / place / "run.spacetime")
    finally:
        (folder / place).chmod(0o700)
    assert names == ["<module>", "first", "second"], said
    if take == MOVED:
        elsewhere = folder / place
        (closing,) = said
        path = f"'{elsewhere}/run.spacetime'"
        assert f" in {path}, where it was moved to; " in closing
        assert closing.endswith(f": spacetime show {path}")
        assert {file.name for file in elsewhere.iterdir()} == {"program.py", "run.spacetime"}


# Modes do not keep the superuser from writing.
READ_ONLY_MOUNT = """
import ctypes
c = ctypes.CDLL(None, use_errno=True)
folder, bind, remount, read_only = os.getcwd().encode(), 4096, 32, 1
for flags in (bind, bind | remount | read_only):
    if c.mount(folder, folder, None, ctypes.c_ulong(flags), None) != 0:
        print("cannot mount:", os.strerror(ctypes.get_errno()))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser can mount")
def test_what_is_stored_is_not_said_to_be_lost_because_side_files_stay(
    run: Run, spacetime: Run, tmp_path: Path
) -> None:
    try:
        said, folder, printed = run_both(run, spacetime, tmp_path, READ_ONLY_MOUNT)
        if "cannot mount" in printed:
            pytest.skip(printed.splitlines()[1])
        path = folder / "folder" / "run.spacetime"
        assert calls_in(path) == ["<module>", "first", "second"]
    finally:
        for name in ("plain", "recorded"):
            subprocess.run(["umount", str(tmp_path / name / "folder")], check=False)
    (closing,) = said
    assert closing.startswith("spacetime: recorded 3 calls, ") and "failed" not in closing
    copy = shutil.copy(path, tmp_path / "copy.spacetime")
    assert calls_in(copy) == ["<module>", "first", "second"], "it is whole without side files"


OVERWRITTEN = """
number = os.open("run.spacetime", os.O_CREAT | os.O_WRONLY)
os.pwrite(number, b"not a trace" * os.fstat(number).st_size, 0)
"""


@pytest.mark.parametrize(
    ("take", "problem"),
    [
        ('open("run.spacetime", "w").close()', "is damaged"),
        ('open("run.spacetime", "a").truncate(4096 * 3)', "is damaged"),
        (OVERWRITTEN, "is damaged"),
        (
            'open("new", "w").write("x" * 9999); os.replace("new", "run.spacetime")',
            "is no longer at its path",
        ),
    ],
    ids=["emptied", "cut", "overwritten", "replaced"],
)
def test_a_trace_that_others_write_to_harms_no_program(
    run: Run, spacetime: Run, tmp_path: Path, take: str, problem: str
) -> None:
    said, folder, _ = run_both(run, spacetime, tmp_path, take)
    path = folder / "folder" / "run.spacetime"
    assert len(said) == 2 and "recording failed" in said[0] and problem in said[1], said
    assert "run.spacetime" in said[1]
    for question in (calls_in, lambda path: spacetimepy.open(path).summary()):
        try:
            question(path)
        except spacetimepy.SpacetimeError as error:
            assert str(path) in str(error)
            assert len(str(error).splitlines()) == 1


@pytest.mark.parametrize(
    "how",
    ["c.dup2(file.fileno(), number)", "c.close(number)"],
    ids=["others in their place", "closed"],
)
def test_nothing_is_written_by_descriptors_that_the_program_took(
    run: Run, spacetime: Run, tmp_path: Path, how: str
) -> None:
    said, folder, _ = run_both(run, spacetime, tmp_path, TAKEN_IN_C.replace("HOW", how))
    closing, failure = said
    assert "before recording failed" in closing
    assert "the program closed files that it had not opened" in failure
    assert {file.read_bytes() for file in folder.glob("m*")} == {b"mine"}
    assert calls_in(folder / "folder" / "run.spacetime") == ["<module>", "first"]


READS_ITSELF = """
import spacetimepy
def n_locks():
    with open("/proc/locks") as file:
        return sum(line.split()[4] == str(os.getpid()) for line in file)
before = n_locks()
with spacetimepy.open("run.spacetime") as trace:
    list(trace.calls())
after = n_locks()
with open("../locks", "w") as file:
    print(before, after, file=file)
"""


def test_a_program_that_reads_its_own_trace_leaves_its_locks(
    spacetime: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "program.py").write_text(PROGRAM.replace("TAKE", READS_ITSELF))
    done = spacetime("run", "--line", "-o", "run.spacetime", "program.py", cwd=folder)
    assert done.returncode == 7, done.stderr
    before, after = (tmp_path / "locks").read_text().split()
    assert before == after != "0"
