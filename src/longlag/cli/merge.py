"""`longlag merge`: joins the records of several machines."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path

from longlag.cli import _arguments
from longlag.errors import LonglagError

HELP = "join runs and curves from several machines; refuse mixed specs and runs that disagree"
EXAMPLE = "longlag merge results/all results/laptop results/cluster"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("out", type=Path, metavar="OUT", help="folder for runs.csv and curves.parquet")
    _arguments.add_run(parser, nargs="+")


def run(args: argparse.Namespace) -> None:
    import pyarrow as pa

    from longlag.design.merge import merge
    from longlag.store import files, lock, parquet, records
    from longlag.store.curves import points_of, read_curves

    paths = [_arguments.runs_file(run) for run in args.runs]
    if len({path.resolve() for path in paths}) < len(paths):
        raise LonglagError(f"a record is named twice: {', '.join(map(str, args.runs))}")
    outputs = args.out / "runs.csv", args.out / "curves.parquet"
    for output in outputs:
        files.check_writable(output)
    merged = merge({str(path): records.read_rows(path) for path in paths})
    keys = {path: [key for key, name in merged.taken.items() if name == str(path)] for path in paths}
    curves = [
        points_of(read_curves(beside), keys[path])
        for path in paths
        if files.is_file(beside := path.with_name("curves.parquet"))
    ]
    order = [(name, "ascending") for name in (*records.KEY, "passes")]
    with ExitStack() as stack:
        for output in outputs:
            stack.enter_context(lock.held(output))
        if not curves and not files.remove(outputs[1]):
            raise LonglagError(f"{outputs[1]} is of an earlier merge and cannot be deleted; delete it")
        if curves:
            parquet.write(outputs[1], pa.concat_tables(curves, promote_options="default").sort_by(order))
        records.write_rows(outputs[0], merged.rows)
    without = len(paths) - len(curves)
    more = f"; {without} of the records have no curves" if without else ""
    print(f"{outputs[0]}: {len(merged.rows)} rows of {len(paths)} records, {merged.dropped} repeated{more}")
