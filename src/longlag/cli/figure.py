"""`longlag figure`: draws figures from finished runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from longlag import figures
from longlag.cli import _arguments, _curves, _records
from longlag.errors import say

HELP = "draw a figure, or all of them, as PDF and PNG from runs and learning curves"
EXAMPLE = "longlag figure reach results/demo --out figures"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help=f"one of {', '.join(figures.names())}, or all")
    _records.add(parser)
    _curves.add(parser)
    _records.add_selection(parser, "draw")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder for NAME.pdf and NAME.png")


def run(args: argparse.Namespace) -> None:
    chosen = figures.select(args.name)
    _arguments.check_folder(args.out)
    from longlag.figures.tools import style

    analysis = _records.analysis(args.runs, args.curves).only(tasks=args.tasks, methods=args.methods)
    for name in chosen:
        module = figures.get(name)
        for path in style.save(module.draw(analysis), args.out, name):
            print(path)
        if len(chosen) == 1 and hasattr(module, "lacking") and (words := module.lacking(analysis)):
            say(f"{name} is empty: {words}")
    if any(hasattr(figures.get(name), "lacking") for name in chosen):  # it draws curves
        _records.tell_unread(args.runs, args.curves)
