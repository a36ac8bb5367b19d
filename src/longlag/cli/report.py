"""`longlag report`: the page with the results of a suite."""

from __future__ import annotations

import argparse
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from longlag.cli import _curves, _records
from longlag.errors import LonglagError

HELP = "make the self-contained page from runs, learning curves and figures"
EXAMPLE = "longlag report results/demo --out report.html"


def configure(parser: argparse.ArgumentParser) -> None:
    _records.add(parser)
    _curves.add(parser)
    parser.add_argument("--figures", type=Path, metavar="DIR", help="folder of the figures; the page shows this path")
    parser.add_argument("--tables", type=Path, metavar="DIR", help="folder of the tables; the page shows this path")
    parser.add_argument("--lecture", type=Path, metavar="DIR", help="folder that `longlag lecture --out DIR` wrote")
    parser.add_argument("--handson", default="", metavar="FILE", help="hands-on page to link, relative to this page")
    parser.add_argument("--title", default="longlag", help="title of the page (default: %(default)s)")
    parser.add_argument("--out", required=True, type=Path, metavar="FILE", help="file for the page")


@contextmanager
def _uncollected() -> Iterator[None]:
    """No search for garbage meanwhile: among the objects of a large suite and its figures it takes a tenth of the time,
    and what it would find is small beside the runs."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _refuse_absent(args: argparse.Namespace) -> None:
    """Raises LonglagError for a folder or page that is not there: the page would name it to its readers."""
    from longlag.store import files

    for option, folder in (("--figures", args.figures), ("--tables", args.tables)):
        if folder is not None and not files.is_folder(folder):
            raise LonglagError(f"{option} {folder} is not a folder; make it first, or leave {option} out")
    if args.handson and not files.is_file(args.out.parent / args.handson):
        raise LonglagError(
            f"--handson {args.handson} is not a file beside {args.out}; write it with `longlag handson --out "
            f"{args.out.parent / args.handson}`, or leave --handson out"
        )


@_uncollected()
def run(args: argparse.Namespace) -> None:
    from longlag import report
    from longlag.cli import _older
    from longlag.store import files

    files.check_replaceable(args.out, b"<!doctype html", "page")
    _refuse_absent(args)
    analysis, rows = _records.analysis(args.runs, args.curves), _records.file_of(args.runs)
    used = analysis.runs[["method", "spec", "method_version", "task", "task_version"]]
    older = _older.outdated([*used.itertuples(index=False)])
    analysis = replace(analysis, remarks=(older,) if older else ())
    beside = {"drawn": args.figures, "tables_in": args.tables, "lecture": args.lecture, "handson": args.handson}
    page = report.render(analysis, args.title, rows, **beside)
    files.write_atomically(args.out, page.encode())
    print(args.out)
    _records.tell_unread(args.runs, args.curves)
