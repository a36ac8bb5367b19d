"""`longlag table`: makes tables from finished runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from longlag import tables
from longlag.cli import _arguments, _records

HELP = "make a table, or all of them, as Markdown, LaTeX and HTML from runs"
EXAMPLE = "longlag table reach results/demo --methods lstm,hf --out tables"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help=f"one of {', '.join(tables.names())}, or all")
    _records.add(parser)
    _records.add_selection(parser, "tabulate")
    parser.add_argument(
        "--out", required=True, type=Path, metavar="DIR", help="folder for NAME.md, NAME.tex and NAME.html"
    )


def run(args: argparse.Namespace) -> None:
    chosen = tables.select(args.name)
    _arguments.check_folder(args.out)
    from longlag.tables.tools import render

    analysis = _records.analysis(args.runs).only(tasks=args.tasks, methods=args.methods)
    for name in chosen:
        table = tables.get(name)
        for path in render.save(table.build(analysis), table.TITLE, table.note(analysis), args.out, name):
            print(path)
