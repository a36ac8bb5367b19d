"""`longlag merge`: joins the records of several machines, or sets records with labels side by side."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from longlag.cli import _curves, _records
from longlag.errors import LonglagError

if TYPE_CHECKING:
    from longlag.store.records import Row

HELP = "join runs and curves from several machines, or set suites side by side under labels; refuse mixed specs"
EXAMPLE = "longlag merge results/all results/laptop results/cluster"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "out",
        type=Path,
        metavar="OUT",
        help=f"folder for runs.csv and {_curves.NAME}; the {_curves.NAME} beside each RUN is joined",
    )
    _records.add(parser)
    parser.add_argument("--replace", action="store_true", help="drop runs in OUT that none of the records has")


def run(args: argparse.Namespace) -> None:
    from longlag.store import curves, files, lock, records
    from longlag.words import count

    given = _records.read(args.runs)
    outputs = args.out / "runs.csv", args.out / "curves.parquet"
    for output in outputs:
        files.check_writable(output)
    merged = _records.merged(given)
    if not args.replace:
        _refuse_loss(outputs[0], merged.rows)
    points = _records.curves(given, merged)
    with ExitStack() as stack:
        for output in outputs:
            stack.enter_context(lock.held(output))
        if points is None and not files.remove(outputs[1]):
            raise LonglagError(f"{outputs[1]} is of an earlier merge and cannot be deleted; delete it")
        if points is not None:
            curves.write(outputs[1], points)
        records.write_rows(outputs[0], merged.rows)
    without = sum(record.curves is None for record in given)
    more = f"; {without} of the records have no curves" if without else ""
    print(f"{outputs[0]}: {len(merged.rows)} rows of {count(len(given), 'record')}, {merged.dropped} repeated{more}")
    _curves.tell_unread([one.runs for one in given], [one.curves for one in given], _curves.OF_EACH)


def _refuse_loss(out: Path, rows: Sequence[Row]) -> None:
    """Raises LonglagError if the file has runs that these rows lack."""
    from longlag.design.job import in_words
    from longlag.store import held
    from longlag.store.records import key_of
    from longlag.words import count

    if lost := sorted(held.by_rows(out) - {*map(key_of, rows)}):
        raise LonglagError(
            f"{out} has {count(len(lost), 'run')}, such as {in_words(lost[0])}, which none of the records has; choose "
            f"another folder, name {out.parent} among the records, or add --replace"
        )
