"""`longlag tune`: search a method's declared space on tuning seeds."""

from __future__ import annotations

import argparse
import math
from typing import TYPE_CHECKING

from longlag.cli import _arguments, _gpu, _training

if TYPE_CHECKING:
    from longlag.engine.tune import Trial

HELP = "search a method's declared space on separate seeds, by validation alone"
EXAMPLE = "longlag tune --task adding --lag 50 --method control --candidates 8 --budget 1e6 --out tune.csv"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--task", required=True, help="a name from `longlag list`")
    parser.add_argument("--lag", type=_arguments.lag, required=True, help="the papers' nominal lag T, in steps")
    parser.add_argument(
        "--candidates", type=_arguments.count("number of candidates"), default=8, help="settings to try (default: 8)"
    )
    _arguments.add_training(parser)


def run(args: argparse.Namespace) -> int:
    with _gpu.slot(args.device):
        return _search(args)


def _search(args: argparse.Namespace) -> int:
    from longlag.engine import tune
    from longlag.engine.ladder import Rungs
    from longlag.engine.progress import progress
    from longlag.store import lock, records

    _arguments.load_plugins(args)
    _arguments.check_outputs(args.out, cache=args.cache)
    seeds = tuple(tune.FIRST_SEED + seed for seed in args.seeds)
    (spec,) = _training.specs(args, [args.task], args.lag, seeds)
    cache, trials = Rungs(_training.cache_of(args)), []
    with lock.held(args.out), _training.cached(args) as driver:
        for trial in tune.search(spec, args.candidates, progress(spec.budget), cache, driver):
            trials.append(trial)
            records.write_rows(args.out, [row for done in trials for row in done.rows])
            print(_line("tried", trial), flush=True)
        _training.discard(args, [row for trial in trials for row in trial.rows])
    chosen = tune.best(trials)
    if math.isinf(chosen.score[1]):
        print("chosen: none; every candidate diverged, ended with an error or was stopped before its first evaluation")
        return 1
    print(_line("chosen", chosen))
    if chosen.edges:
        print(
            f"note: {', '.join(chosen.edges)} at the edge of the declared space; a wider space may hold better values"
        )
    return 0


def _line(word: str, trial: Trial) -> str:
    settings = " ".join(f"--set {path}={value:.4g}" for path, value in trial.overrides.items())
    error, then = trial.score
    if math.isinf(then):
        return f"{word} {settings}: diverged, ended with an error or was stopped before its first evaluation"
    return f"{word} {settings}: {error:.1%} wrong on validation, " + (
        f"loss {then:.4g}" if error else f"{then:,.0f} passes"
    )
