"""`longlag diff`: compares two suites condition by condition."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

from longlag.cli import _arguments

HELP = "compare two suites condition by condition: rates and passes to solve, with intervals"
EXAMPLE = "longlag diff results/reference results/standard"


def configure(parser: argparse.ArgumentParser) -> None:
    for name in ("a", "b"):
        _arguments.add_run(parser, name, name.upper())
    parser.add_argument("--out", type=Path, metavar="FILE", help="CSV file of the numbers in the table")


def run(args: argparse.Namespace) -> None:
    from longlag.analysis import diff, stats
    from longlag.store import files
    from longlag.words import count

    a, b = (stats.load_runs(_arguments.runs_file(run)) for run in (args.a, args.b))
    if args.out:
        files.check_writable(args.out)
    conditions = diff.compare(a, b)
    print(f"A: {args.a}\nB: {args.b}\n")
    lines = [_HEAD, *(_words(condition) for condition in conditions.itertuples())]
    widths = [max(len(line[i]) for line in lines) for i in range(len(_HEAD))]
    for line in lines:
        print("  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip())
    print()
    for name, missing in (("A", diff.only(a, b)), ("B", diff.only(b, a))):
        for condition in missing.itertuples():
            print(
                f"only in {name}: {condition.task} with {condition.method} at lag {condition.lag}, {condition.n} seeds"
            )
    apart, other = (
        int(((conditions.low > 0) | (conditions.high < 0)).sum()),
        int((~conditions.same_spec.astype(bool)).sum()),
    )
    both = count(len(conditions), "condition")
    print(
        f"{both} in both, {other} with another spec (!), {apart} where the interval of the difference excludes 0 (*)."
    )
    print("95 % intervals: Newcombe's for the difference of rates, bootstrap over seeds for the ratio.")
    if args.out:
        files.write_atomically(args.out, conditions.to_csv(index=False).encode())


_HEAD = ["", "task", "method", "lag", "A", "B", "B - A, %", "passes A", "passes B", "B / A"]


def _words(condition: Any) -> list[str]:
    from longlag.words import interval, number

    mark = ("*" if condition.low > 0 or condition.high < 0 else "") + ("" if condition.same_spec else "!")
    rates = f"{100 * condition.difference:+.0f} {interval(100 * condition.low, 100 * condition.high)}"
    ratio = (
        number(condition.ratio) if 0 < condition.ratio < math.inf else "–"
    )  # else one of the medians is beyond the budget
    sure = (
        "" if math.isnan(condition.ratio_low) else f" [{number(condition.ratio_low)}, {number(condition.ratio_high)}]"
    )
    counts = f"{condition.solved_a}/{condition.n_a}", f"{condition.solved_b}/{condition.n_b}"
    medians = number(condition.median_a), number(condition.median_b)
    return [mark, condition.task, condition.method, str(condition.lag), *counts, rates, *medians, ratio + sure]
