"""`longlag tune`: search a method's declared space on tuning seeds."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from longlag import protocol
from longlag.cli import _arguments, _gpu, _plugins, _training, _tune_suite
from longlag.errors import LonglagError

if TYPE_CHECKING:
    from longlag.engine.tune import Candidate

HELP = "search a method's declared space on separate seeds, by validation alone; or choose from the runs of a search"
EXAMPLE = "longlag tune --task adding --lag 50 --method control --candidates 8 --budget 1e6 --out tune.csv"
_OF_SUITE = {"suite", "runs", "tuned", "out", "plugin"}  # options that go with --suite


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--task", help="a name from `longlag list`")
    parser.add_argument("--lag", type=_arguments.lag, help="the papers' nominal lag T, in steps")
    parser.add_argument(
        "--candidates",
        type=_arguments.count("number of candidates", most=protocol.MAX_CANDIDATES),
        default=protocol.DEFAULT_CANDIDATES,
        help="settings to try beside the recipe (default: %(default)s, as in a suite with `search`)",
    )
    first = protocol.FIRST_TUNING_SEED
    also = f"; {first} is added to each, so that 0:2 are seeds {first} and {first + 1}"
    _arguments.add_training(parser, required=False, also=also)
    suite = "choose from the runs of this search instead: a name in config/, a suite's file, or a folder of results"
    parser.add_argument("--suite", metavar="SUITE", help=f"{suite}; --out is then a folder (default: that of the runs)")
    runs = "with --suite: a folder with runs.csv and curves.parquet (default: results/SUITE)"
    parser.add_argument("--runs", type=Path, metavar="RUN", help=runs)
    frozen = "with --suite: file for the chosen settings (default: config/tuned/SUITE.yaml)"
    parser.add_argument("--tuned", metavar="FILE", help=frozen)


def run(args: argparse.Namespace) -> int:
    if args.suite is not None:
        _refuse_others(args)
        return _tune_suite.run(args)
    for option in ("runs", "tuned"):
        _arguments.refuse_idle(vars(args)[option], f"--{option}", "--suite SUITE")
    for option in ("task", "lag", "method", "out"):
        if vars(args)[option] is None:
            raise LonglagError(f"--{option} is missing; a search of one task needs --task, --lag, --method and --out")
    with _gpu.slot(args.device):
        return _search(args)


def _refuse_others(args: argparse.Namespace) -> None:
    """Raises LonglagError for an option of a search of one task beside --suite: it would have no effect."""
    parser = argparse.ArgumentParser()
    configure(parser)
    for action in parser._actions:
        if action.dest not in {"help", *_OF_SUITE} and vars(args)[action.dest] != action.default:
            raise LonglagError(
                f"{action.option_strings[0]} has no effect with --suite, whose file says it; leave it out"
            )


def _search(args: argparse.Namespace) -> int:
    from longlag import registry
    from longlag.engine import candidates, space, tune
    from longlag.engine.ladder import Rungs
    from longlag.engine.progress import progress
    from longlag.store import lock, records

    _arguments.load_plugins(args)
    _plugins.refuse_idle(args, [args.method], [args.task])
    _arguments.check_outputs(args.out, cache=args.cache)
    seeds = tuple(tune.FIRST_SEED + seed for seed in args.seeds)
    print(f"seeds of tuning: {', '.join(map(str, seeds))}, for --seeds {', '.join(map(str, args.seeds))}", flush=True)
    (spec,) = _training.specs(args, [args.task], args.lag, seeds)
    cache, trials = Rungs(_training.cache_of(args)), []
    with ExitStack() as stack:
        stack.enter_context(lock.held(args.out))
        _training.refuse_loss(args, [spec], [spec.lag])
        driver = stack.enter_context(_training.cached(args))
        for trial in tune.search(spec, args.candidates, progress(spec.budget), cache, driver):
            trials.append(trial)
            records.write_rows(args.out, [row for done in trials for row in done.rows])
            print(_line("tried", trial), flush=True)
        _training.discard(args, [row for trial in trials for row in trial.rows])
    chosen, *others = tune.ranked(trials)
    if chosen.score.failed:
        print(f"chosen: none; every candidate {_failed(trials)}")
        return 1
    print(_line("chosen", chosen))
    both = [
        space.values(replace(spec, overrides={**spec.overrides, **trial.overrides})) for trial in (chosen, *others[:1])
    ]
    edges = candidates.at_edge(registry.get("methods", args.method), *both) if others else []
    if edges:
        print(f"note: {', '.join(edges)} at the edge of the declared space; a wider space may hold better values")
    return 0


def _failed(trials: Sequence[Candidate]) -> str:
    """How candidates ended that have no score, and the remedy where there is one."""
    from longlag.store.records import Status

    statuses = {row.status for trial in trials for row in trial.rows}
    ended = {Status.DIVERGED: "diverged", Status.ERROR: "ended with an error"}
    remedies = {Status.BUDGET: "raise --budget", Status.TIMEOUT: "raise --timeout"}
    said = [words for status, words in ended.items() if status in statuses]
    if remedy := " and ".join(words for status, words in remedies.items() if status in statuses):
        said.append(f"was stopped before its first evaluation ({remedy})")
    return " or ".join(said)


def _line(word: str, trial: Candidate) -> str:
    settings = " ".join(f"--set {path}={value:.4g}" for path, value in trial.overrides.items()) or "the recipe"
    score = trial.score
    if score.failed:
        return f"{word} {settings}: {_failed([trial])}"
    return (
        f"{word} {settings}: {score.wrong:.1%} wrong on validation, {score.passes:,.0f} passes, "
        f"last loss {fmean(trial.last_losses):.4g}"
    )
