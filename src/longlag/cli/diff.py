"""`longlag diff`: compares two suites, or two methods of one, condition by condition."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longlag import words
from longlag.cli import _arguments, _records
from longlag.errors import LonglagError, unknown

if TYPE_CHECKING:
    import pandas as pd


HELP = "compare two suites, or two methods, condition by condition: rates and passes to solve, with intervals"
EXAMPLE = "longlag diff old=results/before new=results/after"


def configure(parser: argparse.ArgumentParser) -> None:
    record = "a folder with runs.csv, or such a file; LABEL=RUN names it in the table"
    parser.add_argument("a", metavar="A", help=record)
    parser.add_argument("b", metavar="B", nargs="?", help=f"{record}; with --methods it may be left out: A itself")
    pair = "compare a method of A with another one of B, such as a method and its variant"
    parser.add_argument("--methods", nargs=2, metavar=("FIRST", "SECOND"), help=pair)
    parser.add_argument("--out", type=Path, metavar="FILE", help="CSV file of the numbers in the table")


def run(args: argparse.Namespace) -> None:
    from longlag.analysis import diff
    from longlag.store import files
    from longlag.words import count

    if args.b is None and not args.methods:
        raise LonglagError("diff needs two RUNs, or --methods FIRST SECOND for two methods of one")
    if args.b in (None, args.a) and len({*(args.methods or "ab")}) == 1:
        raise LonglagError(f"--methods names {args.methods[0]!r} twice: one method of one record is equal to itself")
    named = [_records.split(word) for word in (args.a, args.b or args.a)]
    names = _names(*(label for label, _ in named), *(args.methods or ()))
    a, b = (_runs(path, args.methods, i) for i, (_, path) in enumerate(named))
    if args.out:
        files.check_writable(args.out)
    conditions = diff.compare(a, b)
    paths = [str(path) for _, path in named]
    print("".join(f"{name}: {path}\n" for name, path in zip(names, paths, strict=True)))
    two = bool(args.methods) and len({*args.methods}) == 2  # whose specs always differ
    lines = [_head(*names), *(_words(condition, two) for condition in conditions.itertuples())]
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    for line in lines:
        print("  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip())
    print()
    for name, missing in zip(names, (diff.only(a, b), diff.only(b, a)), strict=True):
        for condition in missing.itertuples():
            print(
                f"only in {name}: {condition.task} with {condition.method} at lag {condition.lag}, {condition.n} seeds"
            )
    apart, other = (
        int(((conditions.low > 0) | (conditions.high < 0)).sum()),
        int((~conditions.same_spec.astype(bool)).sum()),
    )
    both = count(len(conditions), "condition")
    changed = "" if two else f"{other} with another spec (!), "
    print(f"{both} in both, {changed}{apart} where the interval of the difference excludes 0 (*).")
    print(
        "95 % intervals: Newcombe's for the difference of rates, that of an exact rank test for the ratio of passes.\n"
        "sooner: on how many of the shared seeds each solved and the other had not yet."
    )
    if args.out:
        files.write_atomically(args.out, conditions.to_csv(index=False).encode())


def _names(first: str, second: str, *methods: str) -> tuple[str, str]:
    """What the two sides are called: by their labels, else by their methods, else A and B."""
    if first and first == second:
        raise LonglagError(f"both RUNs have the label {first!r}; a label is of one record: low=A high=B")
    one, two = methods or ("A", "B")
    return first or one, second or two


def _runs(path: Path, methods: list[str] | None, i: int) -> pd.DataFrame:
    """The rows of one side; with --methods those of its method alone, under one name for both sides."""
    from longlag.analysis import stats

    runs = stats.load_runs(_arguments.runs_file(path))
    if not methods:
        return runs
    if methods[i] not in set(runs.method):
        raise unknown(f"method of {path}", methods[i], sorted(runs.method.unique()), words.method_label)
    return runs[runs.method == methods[i]].assign(method=" | ".join(dict.fromkeys(methods)))


def _head(a: str, b: str) -> list[str]:
    rates = ["", "task", "method", "lag", a, b, f"{b} - {a}, %"]
    return [*rates, f"passes {a}", f"passes {b}", f"{b} / {a}", "sooner"]


def _words(condition: Any, two: bool) -> list[str]:
    """A line of the table. two: of two methods."""
    from longlag.words import interval, number

    mark = ("*" if condition.low > 0 or condition.high < 0 else "") + ("" if two or condition.same_spec else "!")
    rates = f"{100 * condition.difference:+.0f} {interval(100 * condition.low, 100 * condition.high)}"
    ratio = (
        number(condition.ratio) if 0 < condition.ratio < math.inf else "–"
    )  # else one of the medians is beyond the budget
    ends = number(condition.ratio_low), number(condition.ratio_high)
    sure = "" if condition.ratio_low == 0 and math.isinf(condition.ratio_high) else f" [{ends[0]}, {ends[1]}]"
    counts = f"{condition.solved_a}/{condition.n_a}", f"{condition.solved_b}/{condition.n_b}"
    medians = number(condition.median_a), number(condition.median_b)
    sooner = f"{condition.sooner_a} | {condition.sooner_b} of {condition.shared}"
    return [mark, condition.task, condition.method, str(condition.lag), *counts, rates, *medians, ratio + sure, sooner]
