"""`longlag merge`: joins the records of several machines, or sets records with labels side by side."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path

from longlag.cli import _records
from longlag.errors import LonglagError

HELP = "join runs and curves from several machines, or set suites side by side under labels; refuse mixed specs"
EXAMPLE = "longlag merge results/all results/laptop results/cluster"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("out", type=Path, metavar="OUT", help="folder for runs.csv and curves.parquet")
    _records.add(parser)


def run(args: argparse.Namespace) -> None:
    from longlag.store import files, lock, parquet, records

    given = _records.read(args.runs)
    outputs = args.out / "runs.csv", args.out / "curves.parquet"
    for output in outputs:
        files.check_writable(output)
    merged = _records.merged(given)
    curves = _records.curves(given, merged)
    with ExitStack() as stack:
        for output in outputs:
            stack.enter_context(lock.held(output))
        if curves is None and not files.remove(outputs[1]):
            raise LonglagError(f"{outputs[1]} is of an earlier merge and cannot be deleted; delete it")
        if curves is not None:
            parquet.write(outputs[1], curves)
        records.write_rows(outputs[0], merged.rows)
    without = sum(record.curves is None for record in given)
    more = f"; {without} of the records have no curves" if without else ""
    print(f"{outputs[0]}: {len(merged.rows)} rows of {len(given)} records, {merged.dropped} repeated{more}")
