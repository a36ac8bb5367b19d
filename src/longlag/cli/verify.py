"""`longlag verify`: rerun recorded rows and compare."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from longlag import words
from longlag.cli import _arguments
from longlag.errors import unknown

if TYPE_CHECKING:
    from longlag.store.records import Row

HELP = "rerun rows of a runs.csv and compare: byte by byte on the same kind of machine, else with tolerance"
EXAMPLE = "longlag verify results/demo/runs.csv --sample 5"


def configure(parser: argparse.ArgumentParser) -> None:
    _arguments.add_run(parser)
    parser.add_argument(
        "--sample", type=_arguments.count("sample"), metavar="N", help="only N rows, drawn at random (default: all)"
    )
    methods = "only rows of these methods, such as lstm,hf (default: all)"
    parser.add_argument("--methods", type=_arguments.names, default=[], metavar="NAMES", help=methods)
    parser.add_argument("--reused", action="store_true", help="only rows that were taken from other files (reuse)")
    parser.add_argument("--seed", type=int, help="seed of the random sample (default: 0)")
    _arguments.add_plugins(parser)


def run(args: argparse.Namespace) -> int:
    from longlag.engine import verify
    from longlag.rng import stream
    from longlag.store import records

    if not args.sample:
        _arguments.refuse_idle(args.seed is not None, "--seed", "--sample N")
    _arguments.load_plugins(args)
    rows = [row for row in records.read_rows(_arguments.runs_file(args.runs)) if records.is_final(row)]
    if args.methods:
        rows = _of(rows, args.methods)
    if args.reused:
        rows = [row for row in rows if row.origin]
        if not rows:
            print("nothing to verify: no row was taken from another file (reuse)")
            return 1
    if args.sample and args.sample < len(rows):
        picked = stream(args.seed or 0, "verify").choice(len(rows), size=args.sample, replace=False)
        rows = [rows[i] for i in sorted(picked)]
    comparisons = []
    for row in rows:
        comparisons.append(verify.rerun(row))
        print(comparisons[-1].text, flush=True)
    if not comparisons:
        which = "reused row" if args.reused else "row"
        print(f"nothing to verify: every {which} was not attempted, timed out or failed, and cannot be rerun")
        return 1
    same = [comparison for comparison in comparisons if comparison.same]
    to_the_byte = sum(comparison.to_the_byte for comparison in same)
    how = f"{to_the_byte} byte by byte, {len(same) - to_the_byte} with tolerance"
    print(f"{len(same)} of {len(comparisons)} rows verified: {how}")
    return int(len(same) < len(comparisons))


def _of(rows: list[Row], methods: Sequence[str]) -> list[Row]:
    """The rows of these methods.

    Raises:
        LonglagError: a method that no row has (the nearest one is suggested).
    """
    known = {row.method for row in rows}
    for name in methods:
        if name not in known:
            raise unknown("method of these runs", name, known, words.method_label)
    return [row for row in rows if row.method in methods]
