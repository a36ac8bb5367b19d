"""`longlag datacard`: describes recorded results for programs that load data sets."""

from __future__ import annotations

import argparse
from pathlib import Path

from longlag.cli import _arguments
from longlag.errors import LonglagError

HELP = "write datapackage.json and croissant.json beside a runs.csv, which describe its columns"
EXAMPLE = "longlag datacard results/demo"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder", type=Path, metavar="DIR", help="a folder with runs.csv, and curves.parquet if there is one"
    )
    parser.add_argument("--title", default="longlag results", help="title of the data set (default: %(default)s)")


def run(args: argparse.Namespace) -> None:
    from longlag.store import datacard, files

    if not files.is_folder(args.folder):
        raise LonglagError(f"{args.folder} is not a folder; DIR is a folder with runs.csv")
    _arguments.runs_file(args.folder)
    for path in datacard.write(args.folder, args.title):
        print(path)
