"""`longlag report`: the page with the results of a suite."""

from __future__ import annotations

import argparse
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from longlag.cli import _arguments, _records

HELP = "make the self-contained page from runs, learning curves and figures"
EXAMPLE = "longlag report results/demo --out report.html"


def configure(parser: argparse.ArgumentParser) -> None:
    _records.add(parser)
    _arguments.add_curves(parser)
    parser.add_argument("--figures", type=Path, metavar="DIR", help="folder of the figures; the page names it")
    parser.add_argument("--tables", type=Path, metavar="DIR", help="folder of the tables; the page names it")
    parser.add_argument("--lecture", type=Path, metavar="DIR", help="folder that `longlag lecture --out DIR` wrote")
    parser.add_argument("--handson", default="", metavar="FILE", help="hands-on page to link, relative to this page")
    parser.add_argument("--title", default="longlag", help="title of the page (default: %(default)s)")
    parser.add_argument("--out", required=True, type=Path, metavar="FILE", help="report.html")


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


@_uncollected()
def run(args: argparse.Namespace) -> None:
    from longlag import report
    from longlag.cli import _older
    from longlag.store import files

    files.check_writable(args.out)
    analysis, rows = _records.analysis(args.runs, args.curves), _records.file_of(args.runs)
    used = analysis.runs[["method", "spec", "method_version", "task", "task_version"]]
    older = _older.outdated([*used.itertuples(index=False)])
    analysis = replace(analysis, remarks=(older,) if older else ())
    beside = {"drawn": args.figures, "tables_in": args.tables, "lecture": args.lecture, "handson": args.handson}
    page = report.render(analysis, args.title, rows, **beside)
    files.write_atomically(args.out, page.encode())
    print(args.out)
