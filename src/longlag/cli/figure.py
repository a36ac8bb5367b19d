"""longlag figure: draws figures from finished runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from longlag import figures

HELP = "draw a figure, or all of them, as PDF and PNG from runs and learning curves"
EXAMPLE = "longlag figure reach --runs results/demo/runs.csv --curves results/demo/curves.parquet --out figures"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help=f"one of {', '.join(figures.names())}, or all")
    parser.add_argument("--runs", required=True, metavar="FILE", help="runs.csv")
    parser.add_argument("--curves", metavar="FILE", help="curves.parquet; without it there are no learning curves")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="takes NAME.pdf and NAME.png")


def run(args: argparse.Namespace) -> None:
    chosen = figures.select(args.name)
    from longlag.analysis import stats
    from longlag.figures.tools import style

    runs, curves = stats.load_runs(args.runs), stats.load_curves(args.curves)
    for name in chosen:
        for path in style.save(figures.get(name).draw(runs, curves), args.out, name):
            print(path)
