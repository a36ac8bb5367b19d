"""longlag handson: the page with a net to play with."""

from __future__ import annotations

import argparse
from pathlib import Path

HELP = "make the hands-on page for teaching: a small net and its gradient, live in the browser"
EXAMPLE = "longlag handson --out handson.html"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", required=True, type=Path, metavar="FILE", help="file for the page")


def run(args: argparse.Namespace) -> None:
    from longlag.report import handson
    from longlag.store import files

    files.check_replaceable(args.out, b"<!doctype html", "page")
    files.write_atomically(args.out, handson.render().encode())
    print(args.out)
