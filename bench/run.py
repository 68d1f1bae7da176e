"""Measures recording against running without it, under the interpreter this runs with.

    python bench/run.py [--quick] [--only WORD]      (or: cargo xtask bench -- ...)

Every figure is a ratio to the unmonitored run, measured in processes of their own that take turns,
so that a busy machine troubles both alike; medians over the turns. `thread` is CPU of the program's
own thread, `total` adds the writer thread, `wall` is elapsed time with the closing of the trace.
Each row with a budget says PASS or OVER for the figure that the budget is about (marked `*`). The
exit code is 1 if anything is over.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
MEBIBYTE = 1 << 20
MEMORY_BUDGET = 256 * MEBIBYTE


@dataclasses.dataclass
class Row:
    """One line of the report."""

    name: str
    figures: str
    budget: str = ""
    is_met: bool | None = None


class Bench:
    """Takes measurements and prints a row as soon as it is known."""

    def __init__(self, *, is_quick: bool, only: str | None) -> None:
        self.turns = 2 if is_quick else 5
        self.repeats = 3 if is_quick else 9
        self.sustained_seconds = 2.0 if is_quick else 30.0
        self.n_problems = 40 if is_quick else 164
        self.only = only
        self.n_over = 0

    def wants(self, name: str) -> bool:
        return self.only is None or self.only.lower() in name.lower()

    def report(self, row: Row) -> None:
        verdict = {None: "", True: "PASS", False: "OVER"}[row.is_met]
        self.n_over += row.is_met is False
        print(f"{row.name:<38} {row.figures:<58} {row.budget:>16}  {verdict}", flush=True)

    # -- rows --------------------------------------------------------------------------------------

    def steady(self, level: str, workload: str, budget: float) -> None:
        name = f"{level} level: {workload}"
        if not self.wants(name):
            return
        turns = self.alternate("steady", [level], workload, str(self.repeats))
        ratio = self.ratios(turns, level)
        figures = f"thread* {ratio['thread']:6.2f}x  {rest_of(ratio, 'total', 'wall')}"
        recorded = turns[level][0]
        if level == "line":
            figures += f"  {recorded['bytes'] / recorded['states']:5.2f} B/state"
        self.report(Row(name, figures, f"{budget:g}x thread", ratio["thread"] <= budget))

    def peer(self, workload: str) -> None:
        name = f"for comparison, settrace: {workload}"
        if not self.wants(name):
            return
        turns = self.alternate("steady", ["settrace"], workload, "3", n_turns=1)
        ratio = self.ratios(turns, "settrace")
        self.report(Row(name, f"thread  {ratio['thread']:6.2f}x"))

    def sustained(self, workload: str, budget: float) -> None:
        name = f"sustained, line level: {workload}"
        if not self.wants(name):
            return
        one = measure("steady", "line", workload, "3")["wall"] / 1e9
        n_runs = str(max(2, math.ceil(self.sustained_seconds / one)))
        turns = self.alternate("sustained", ["line"], workload, n_runs, n_turns=1)
        ratio, recorded, plain = self.ratios(turns, "line"), turns["line"][0], turns["plain"][0]
        memory = recorded["memory"] - plain["memory"]
        figures = (
            f"wall* {ratio['wall']:6.2f}x  {rest_of(ratio, 'thread', 'total')}"
            f"  {recorded['wall'] / 1e9:4.1f} s"
        )
        self.report(Row(name, figures, f"{budget:g}x wall", ratio["wall"] <= budget))
        mebibytes = recorded["bytes"] / MEBIBYTE
        size = f"{recorded['states'] / 1e6:.1f} M states, {mebibytes:.0f} MiB of trace"
        self.report(
            Row(
                "  its memory",
                f"{memory / MEBIBYTE:6.1f} MiB more at the peak*  ({size})",
                f"{MEMORY_BUDGET // MEBIBYTE} MiB",
                memory <= MEMORY_BUDGET,
            )
        )

    def problems(self) -> None:
        if not self.wants("HumanEval"):
            return
        data = find_problems()
        if data is None:
            print(
                "HumanEval: left out, no HumanEval.jsonl.gz (SPACETIME_HUMANEVAL names its place)"
            )
            return
        levels = {"function": (1.5, 100.0), "line": (4.0, 300.0)}
        turns = self.alternate(
            "problems", list(levels), data, str(self.n_problems), n_turns=min(self.turns, 3)
        )
        plain = merge(turns["plain"])
        for level, (steady_budget, first_budget) in levels.items():
            recorded = merge(turns[level])
            ratios = [recorded[task][1] / plain[task][1] for task in plain]
            geometric = math.exp(statistics.fmean(math.log(ratio) for ratio in ratios))
            worst = max(plain, key=lambda task: recorded[task][1] / plain[task][1])
            extra = [
                (recorded[task][0] - recorded[task][1] - plain[task][0] + plain[task][1]) / 1000
                for task in plain
            ]
            figures = (
                f"thread* {geometric:6.2f}x  over {len(plain)} problems,"
                f" worst {max(ratios):.1f}x ({worst})"
            )
            name = f"{level} level: HumanEval"
            self.report(
                Row(
                    f"{name}, steady",
                    figures,
                    f"{steady_budget:g}x thread",
                    geometric <= steady_budget,
                )
            )
            mean = statistics.fmean(extra)
            figures = f"{mean:6.0f} us* more a problem  (median {statistics.median(extra):.0f} us)"
            self.report(
                Row(f"{name}, first run", figures, f"{first_budget:g} us", mean <= first_budget)
            )

    def import_time(self) -> None:
        if not self.wants("import"):
            return
        walls = [measure("import")["wall"] / 1e6 for _ in range(max(5, self.turns))]
        median = statistics.median(walls)
        self.report(Row("import spacetimepy", f"{median:6.1f} ms wall*", "30 ms", median <= 30))

    # -- measuring ---------------------------------------------------------------------------------

    def alternate(
        self, what: str, modes: list[str], *arguments: str, n_turns: int | None = None
    ) -> dict[str, list[dict[str, Any]]]:
        """Measures `plain` and the modes in turns."""
        turns: dict[str, list[dict[str, Any]]] = {mode: [] for mode in ["plain", *modes]}
        for _ in range(n_turns or self.turns):
            for mode, found in turns.items():
                found.append(measure(what, mode, *arguments))
        return turns

    def ratios(self, turns: dict[str, list[dict[str, Any]]], mode: str) -> dict[str, float]:
        """Median over the turns of the ratio to the plain run of the same turn."""
        pairs = list(zip(turns[mode], turns["plain"], strict=True))
        return {
            kind: statistics.median(left[kind] / right[kind] for left, right in pairs)
            for kind in ("thread", "total", "wall")
        }


def rest_of(ratio: dict[str, float], *kinds: str) -> str:
    """The ratios that the budget is not about."""
    return "  ".join(f"{kind} {ratio[kind]:6.2f}x" for kind in kinds)


def merge(turns: list[dict[str, Any]]) -> dict[str, list[float]]:
    """First and steady times of each problem: medians over the turns."""
    return {
        task: [statistics.median(turn[task][index] for turn in turns) for index in (0, 1)]
        for task in turns[0]
    }


def measure(*arguments: str) -> dict[str, Any]:
    """Runs `measure.py` in a process of its own."""
    environment = os.environ | {"PYTHONHASHSEED": "0"}
    done = subprocess.run(
        [sys.executable, str(HERE / "measure.py"), *arguments],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    if done.returncode != 0:
        sys.exit(f"measure.py {' '.join(arguments)} failed:\n{done.stderr}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def find_problems() -> str | None:
    """The HumanEval file: where the environment says, or in the data folder beside the checkout."""
    places = [
        os.environ.get("SPACETIME_HUMANEVAL", ""),
        HERE.parent.parent / "shared/data/HumanEval.jsonl.gz",
    ]
    return next((str(place) for place in places if str(place) and Path(place).is_file()), None)


def main() -> int:
    """Prints all rows."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer and shorter measurements")
    parser.add_argument("--only", metavar="WORD", help="only rows whose name contains this")
    options = parser.parse_args()
    bench = Bench(is_quick=options.quick, only=options.only)
    print(f"CPython {platform.python_version()}, {os.cpu_count()} cores{', quick' * options.quick}")
    bench.steady("function", "loop code", 1.05)
    bench.steady("function", "fib", 2.8)
    for workload, budget in {"tight": 3.0, "bubble": 3.8, "fib": 4.5, "word count": 4.0}.items():
        bench.steady("line", workload, budget)
        bench.peer(workload)
    bench.steady("line", "1,000-element list", 5.0)
    bench.steady("line", "10,000-entry dict", 2.5)
    for workload in (
        "instances in a local",
        "lists in a local",
        "instances in a global",
        "a method call on each",
    ):
        bench.steady("line", workload, 5.0)
    for workload in ("tight", "bubble", "word count"):
        bench.sustained(workload, 4.5)
    bench.problems()
    bench.import_time()
    if bench.n_over:
        print(f"{bench.n_over} over budget")
    return 1 if bench.n_over else 0


if __name__ == "__main__":
    sys.exit(main())
