"""Runs the test suites of real projects with and without recording, and says what it cost.

    cargo xtask bench projects [-- --only NAME] [-- --turns N] [-- --json]

Each project comes from its source distribution, pinned with all that its tests need (`pinned.py`),
and is run by its own pytest: plain and with `--spacetime=line` in turns, so that a busy machine
troubles both alike. The first run of each fills caches and is not counted. A row says

* whether every test had the same outcome with and without recording;
* the CPU that recording added: user and system time of the whole process tree, median of the turns;
* the size of the trace and its states;
* how many (state, variable) pairs can be viewed whole, of those in 2,000 states evenly spread;
* how many of 1,000 random recorded values, restored in a fresh process, are what an oracle copied
  when they were recorded (`drawing.py` draws, `copying.py` copies, `restorable.py` restores).

Counted apart are variables that reach what no recorder can keep by value (locks, sockets, threads,
running generators, C iterators), or what is left out on purpose (objects of pytest itself, what is
over the size limits). Rows and the JSON document go to standard output, progress to standard error.

The exit code is 1 if anything is over its budget, 2 if something could not be measured.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from pathlib import Path
from typing import Any

from checkout import PACKAGE, Checkout, UnpreparedError
from drawing import draw
from figures import BUDGETS, FEWEST_TURNS, MOST_TURNS, Figures, enough_turns, figures_of
from pinned import PROJECTS, Project

N_RESTORED = 1000
N_DRAWN = 1500  # not all are found again
MOST_SHOWN = 20
OVER, NOT_MEASURED = 1, 2


def measure(project: Project, options: argparse.Namespace) -> Figures:
    """Runs a project's tests and gives the figures."""

    def say(what: str) -> None:
        print(f"{project}: {what}", file=sys.stderr, flush=True)

    say("preparing")
    with Checkout(project, options.cache.resolve(), keeps_trace=options.keep) as checkout:
        say("first run, which fills caches")
        plain, recorded = [checkout.run()], [checkout.run_recorded()]
        n_turns = options.turns or enough_turns(plain[0].cpu)
        for turn in range(1, n_turns + 1):
            say(f"turn {turn} of {n_turns}")
            plain.append(checkout.run())
            recorded.append(checkout.run_recorded())
        say("drawing values")
        with opened(checkout.trace) as trace:
            summary = trace.summary()
            drawn = draw(trace, N_DRAWN, seed=options.seed)
        n_bytes = checkout.trace.stat().st_size
        say("copying values as they are recorded, and restoring them")
        return figures_of(
            project.name,
            project.version,
            plain=plain,
            recorded=recorded,
            n_bytes=n_bytes,
            summary=summary,
            restored=checkout.restore(drawn, N_RESTORED, shows=options.show),
        )


def opened(trace: Path) -> Any:
    """The trace, open for reading."""
    sys.path.insert(0, str(PACKAGE))
    import spacetimepy

    return spacetimepy.open(trace)


def show(figures: Figures) -> None:
    """Prints the rows of a project."""
    print(f"{figures.name} {figures.version}")
    for row in figures.rows():
        verdict = {None: "", True: "PASS", False: "OVER"}[row.is_met]
        print(f"  {row.name:<10} {row.figure:<60} {row.budget:>14}  {verdict}".rstrip())
    for what, reasons in (
        ("not viewable", figures.not_viewable),
        ("not restored", figures.not_restored),
    ):
        for reason, n in reasons[:MOST_SHOWN]:
            print(f"    {n:>6}  {what}: {reason}")
        if len(reasons) > MOST_SHOWN:
            print(f"    {len(reasons) - MOST_SHOWN:>6}  more reasons: --json has all")
    for test, outcomes in [*figures.differing.items()][:MOST_SHOWN]:
        print(f"    differs: {test}: {outcomes}")
    sys.stdout.flush()


def main() -> int:
    """Measures the projects that were asked for."""
    parser = argparse.ArgumentParser(prog="cargo xtask bench projects --", description=SUMMARY)
    parser.add_argument("--only", metavar="NAME", help="the projects whose name has this in it")
    parser.add_argument(
        "--turns",
        type=positive,
        help=f"counted runs of each kind; if not given, {FEWEST_TURNS}, and up to {MOST_TURNS} "
        "of a short suite",
    )
    parser.add_argument("--json", action="store_true", help="print one document, with all reasons")
    parser.add_argument("--seed", type=int, default=3, help="of the values that are restored")
    parser.add_argument("--keep", action="store_true", help="leave the last trace in the cache")
    parser.add_argument("--show", action="store_true", help="show values that came back different")
    parser.add_argument("--cache", type=Path, required=True, help="where projects are unpacked")
    options = parser.parse_args()
    chosen = [p for p in PROJECTS if options.only is None or options.only in p.name]
    if not chosen:
        names = ", ".join(project.name for project in PROJECTS)
        parser.error(f"no project has {options.only!r} in its name: {names}")
    measured = []
    try:
        for project in chosen:
            measured.append(measure(project, options))
            if not options.json:
                show(measured[-1])
    except UnpreparedError as error:
        print(error, file=sys.stderr)
        return NOT_MEASURED
    if options.json:
        found = [figures.as_json() for figures in measured]
        document = {"python": platform.python_version()}
        print(json.dumps(document | {"budgets": BUDGETS, "projects": found}, indent=1))
    return OVER if any(figures.n_over for figures in measured) else 0


def positive(text: str) -> int:
    """A number of turns."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least one turn is needed")
    return number


SUMMARY = (__doc__ or "").splitlines()[0]

if __name__ == "__main__":
    sys.exit(main())
