"""`longlag ladder`: one method up the lag grid of one or several tasks; what the workflow calls."""

from __future__ import annotations

import argparse

from longlag.cli import _arguments, _plugins, _training
from longlag.errors import say

HELP = "climb the lag grid with one method; a seed stops after two unsolved lags in a row"
EXAMPLE = "longlag ladder --method esn --task adding --task temporal_order --lags 20,50,100 --seeds 0:5 --out runs.csv"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--task", required=True, action="append", help="a name from `longlag list`; may be repeated")
    parser.add_argument("--lags", type=_arguments.lags, required=True, help="the grid, such as 20,50,100")
    _arguments.add_training(parser, _arguments.all_seeds)
    _arguments.add_recording(parser)


def run(args: argparse.Namespace) -> None:
    _arguments.refuse_twice(args.task, "--task")
    _arguments.load_plugins(args)
    # No error: every job of a suite names all of its plug-ins.
    if idle := _plugins.idle(args, [args.method], args.task):
        say(f"note: {idle}")
    _training.climb(args, args.task, args.lags)  # an error row is a result: it must not stop the other jobs of a suite
