"""What measuring a project gave: figures, the rows that people read, and the budgets.

Pure: nothing is run or read here. Start with `Figures`.
"""

from __future__ import annotations

import dataclasses
import math
import statistics
from collections.abc import Iterator
from typing import Any

from checkout import Run

__all__ = [
    "BUDGETS",
    "FEWEST_TURNS",
    "MOST_TURNS",
    "Figures",
    "Row",
    "enough_turns",
    "figures_of",
]

MEBIBYTE = 1 << 20

FEWEST_TURNS, MOST_TURNS = 5, 15
# Seconds of plain runs after which a project's median is taken to be settled.
ENOUGH_CPU = 15.0
BUDGETS = {"added_cpu": 0.15, "n_bytes": 10 * MEBIBYTE, "viewable": 1.0, "restorable": 0.95}

# What is left out on purpose: objects of pytest itself, and what lies beyond the limits.
ON_PURPOSE = ("excluded by the user", "larger than the size limit")

Reasons = list[tuple[str, int]]


@dataclasses.dataclass(frozen=True)
class Row:
    """One line of the report; `is_met` is None where there is no budget."""

    name: str
    figure: str
    budget: str = ""
    is_met: bool | None = None


@dataclasses.dataclass(frozen=True)
class Figures:
    """The figures of a project.

    Args:
        name: Of the project.
        version: Of the project.
        tests: How many tests had each outcome without recording.
        differing: Outcomes in each run, plain ones first, of tests that were not always the same.
        n_turns: Counted runs of each kind.
        plain_cpu: Seconds, median of the turns.
        added_cpu: The share that recording adds, median of the turns.
        n_bytes: Size of the trace.
        n_calls: In the trace.
        n_states: In the trace.
        n_viewable: Variables looked at that can be viewed whole.
        n_live: Those that hold something without a value of its own.
        n_left_out: Those that hold something left out on purpose.
        not_viewable: Of the others, how many for each reason.
        restored: What became of recorded values: `equal`, `different`, `refused`; apart from those
            `live`, `left out`, and `too large` to be compared.
        not_restored: How many for each reason.
        n_drawn: Values drawn at random from the first trace.
        n_not_met: Of those, how many the second run did not come to.
        n_not_aligned: Copied ones of calls whose lines oracle and recorder counted differently.
    """

    name: str
    version: str
    tests: dict[str, int]
    differing: dict[str, list[str | None]]
    n_turns: int
    plain_cpu: float
    added_cpu: float
    n_bytes: int
    n_calls: int
    n_states: int
    n_viewable: int
    n_live: int
    n_left_out: int
    not_viewable: Reasons
    restored: dict[str, int]
    not_restored: Reasons
    n_drawn: int
    n_not_met: int
    n_not_aligned: int

    @property
    def n_viewed(self) -> int:
        """Variables of which one could expect that they can be viewed."""
        return self.n_viewable + sum(n for _, n in self.not_viewable)

    @property
    def viewable(self) -> float:
        """The share of them that can."""
        return share(self.n_viewable, self.n_viewed)

    @property
    def n_restored(self) -> int:
        """Values of which one could expect that they can be restored."""
        return sum(self.restored.get(name, 0) for name in ("equal", "different", "refused"))

    @property
    def restorable(self) -> float:
        """The share of them that came back as they were."""
        return share(self.restored.get("equal", 0), self.n_restored)

    @property
    def n_over(self) -> int:
        """How many budgets are missed."""
        return sum(row.is_met is False for row in self.rows())

    def rows(self) -> Iterator[Row]:
        """What people read."""
        outcomes = sorted(self.tests.items(), key=lambda item: (item[0] != "passed", item[0]))
        tests = ", ".join(f"{n:,} {outcome}" for outcome, n in outcomes)
        yield Row("tests", tests, "the same", not self.differing)
        added = f"{self.added_cpu:+.1%} of {self.plain_cpu:.2f} s, {self.n_turns} turns"
        most = f"at most {BUDGETS['added_cpu']:.0%}"
        yield Row("added CPU", added, most, self.added_cpu <= BUDGETS["added_cpu"])
        size = f"{self.n_bytes / MEBIBYTE:.2f} MiB"
        most = f"at most {BUDGETS['n_bytes'] / MEBIBYTE:.0f} MiB"
        yield Row("trace", size, most, self.n_bytes <= BUDGETS["n_bytes"])
        yield Row("recorded", f"{self.n_states:,} states in {self.n_calls:,} calls")
        viewable = f"{self.viewable:.2%} of {self.n_viewed:,} variables looked at"
        least = f"at least {BUDGETS['viewable']:.0%}"
        yield Row("viewable", viewable, least, self.viewable >= BUDGETS["viewable"])
        yield Row("", f"apart: {apart(self.n_live, self.n_left_out)}")
        restorable = f"{self.restorable:.2%} of {self.n_restored:,} values"
        least = f"at least {BUDGETS['restorable']:.0%}"
        yield Row("restorable", restorable, least, self.restorable >= BUDGETS["restorable"])
        kinds = ("live", "left out", "too large")
        live, left_out, too_large = (self.restored.get(kind, 0) for kind in kinds)
        yield Row(
            "", f"apart: {apart(live, left_out)}, {too_large:,} restored but too large to compare"
        )
        yield Row(
            "",
            f"of {self.n_drawn:,} drawn: {self.n_not_met:,} not met by the second run, "
            f"{self.n_not_aligned:,} in calls with other lines",
        )

    def as_json(self) -> dict[str, Any]:
        """Everything, with the shares that have budgets."""
        shares = {"viewable": self.viewable, "restorable": self.restorable, "n_over": self.n_over}
        return dataclasses.asdict(self) | shares


def apart(n_live: int, n_left_out: int) -> str:
    """Says what is not counted."""
    return (
        f"{n_live:,} hold what has no value outside of the program (locks, sockets, iterators), "
        f"{n_left_out:,} what is left out on purpose"
    )


def share(part: int, whole: int) -> float:
    """Of nothing, all."""
    return part / whole if whole else 1.0


def enough_turns(cpu: float) -> int:
    """How often a suite that takes so many seconds is run: the shorter, the more a turn wavers."""
    return max(FEWEST_TURNS, min(MOST_TURNS, math.ceil(ENOUGH_CPU / cpu)))


def figures_of(
    name: str,
    version: str,
    *,
    plain: list[Run],
    recorded: list[Run],
    n_bytes: int,
    summary: dict[str, Any],
    restored: dict[str, Any],
) -> Figures:
    """Takes the figures together.

    Args:
        name: Of the project.
        version: Of the project.
        plain: Runs without recording; the first fills caches, and its time does not count.
        recorded: As many with recording, in turns with the others.
        n_bytes: Size of the trace.
        summary: `Trace.summary()` of the last recorded run.
        restored: What `restorable.py` prints.
    """
    outcomes = plain[0].outcomes
    runs = [*plain, *recorded]
    tests = dict.fromkeys(test for run in runs for test in run.outcomes)
    by_test = {test: [run.outcomes.get(test) for run in runs] for test in tests}
    cpus = [(p.cpu, r.cpu) for p, r in zip(plain[1:], recorded[1:], strict=True)]
    left_out = sum(n for reason, n in summary["not_viewable"] if reason in ON_PURPOSE)
    others = [(reason, n) for reason, n in summary["not_viewable"] if reason not in ON_PURPOSE]
    return Figures(
        name=name,
        version=version,
        tests={kind: [*outcomes.values()].count(kind) for kind in sorted({*outcomes.values()})},
        differing={test: found for test, found in by_test.items() if len({*found}) > 1},
        n_turns=len(cpus),
        plain_cpu=statistics.median(p for p, _ in cpus),
        added_cpu=statistics.median(r / p for p, r in cpus) - 1,
        n_bytes=n_bytes,
        n_calls=summary["n_calls"],
        n_states=summary["n_states"],
        n_viewable=summary["n_viewable"],
        n_live=summary["n_live"],
        n_left_out=left_out,
        not_viewable=others,
        restored=restored["outcomes"],
        not_restored=[(reason, n) for reason, n in restored["reasons"]],
        n_drawn=restored["n_wanted"],
        n_not_met=restored["n_not_met"],
        n_not_aligned=restored["n_not_aligned"],
    )
