"""`longlag train`: one method on one task at one lag, some seeds."""

from __future__ import annotations

import argparse

from longlag.cli import _arguments, _plugins, _training

HELP = "train one method on one task at one lag (no ladder)"
EXAMPLE = "longlag train --task temporal_order --lag 50 --method hf --seeds 0:3 --out runs.csv --curves curves.parquet"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--task", required=True, help="a name from `longlag list`")
    parser.add_argument("--lag", type=_arguments.lag, required=True, help="the papers' nominal lag T, in steps")
    _arguments.add_training(parser, _arguments.all_seeds)
    _arguments.add_recording(parser)


def run(args: argparse.Namespace) -> int:
    _arguments.load_plugins(args)
    _plugins.refuse_idle(args, [args.method], [args.task])
    return int(_training.climb(args, [args.task], [args.lag]) > 0)
