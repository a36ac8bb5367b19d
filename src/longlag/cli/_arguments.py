"""Arguments that several verbs share, and the functions that parse them."""

from __future__ import annotations

import argparse
import errno
import json
import math
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longlag import protocol, registry
from longlag.errors import LonglagError, say, shown
from longlag.store import files

if TYPE_CHECKING:
    from longlag.design.suite import Suite

MAX_COUNT = 10**12
_KINDS = ((b"task,lag,", "file of rows"), (b"par1", "file of learning curves"))  # of --out and --curves


def seeds(text: str) -> tuple[int, ...]:
    """Parses "0:5" (seeds 0 to 4), "7" or "1,4,9"; seeds of reported runs alone."""
    return _seeds(text, protocol.FIRST_TUNING_SEED - 1)


def all_seeds(text: str) -> tuple[int, ...]:
    """`seeds`, or those of tuning: `check_seeds` says which may be trained."""
    return _seeds(text, protocol.LAST_TUNING_SEED)


def check_seeds(args: argparse.Namespace) -> None:
    """Raises LonglagError if a candidate is to be trained on seeds of reported runs, or anything else on those of
    tuning."""
    first = protocol.FIRST_TUNING_SEED
    for seed in args.seeds:
        if args.candidate is None and seed >= first:
            raise _tuning_seeds(str(seed), first - 1)
        if args.candidate is not None and seed < first:
            raise LonglagError(
                f"seed {seed} is for reported runs; a --candidate is trained on seeds of tuning: "
                f"--seeds {first}:{first + 2}"
            )


def _tuning_seeds(text: str, greatest: int) -> LonglagError:
    first, last = protocol.FIRST_TUNING_SEED, protocol.LAST_TUNING_SEED
    return LonglagError(
        f"seeds {shown(text)} go beyond {greatest}; seeds from {first} to {last} are for tuning: `longlag tune`, whose "
        f"--seeds 0:2 are seeds {first} and {first + 1}, or a suite with `search`"
    )


def _seeds(text: str, greatest: int) -> tuple[int, ...]:
    first, colon, last = text.partition(":")
    try:
        found: Sequence[int] = range(int(first), int(last)) if colon else [int(part) for part in text.split(",")]
    except ValueError:
        raise LonglagError(f"seeds {shown(text)} are not a range; write 0:5 for seeds 0 to 4, or 1,4,9") from None
    lowest, highest = (found[0], found[-1]) if colon and found else (min(found, default=-1), max(found, default=-1))
    if lowest < 0:
        raise LonglagError(f"seeds {shown(text)} are an empty or negative range; write 0:5 for seeds 0 to 4")
    if highest > greatest:
        raise _tuning_seeds(text, greatest)
    if len(set(found)) < len(found):
        raise LonglagError(f"seeds {shown(text)} name a seed twice")
    return tuple(found)


def count(
    what: str, remedy: str = "write a number from 1 on", least: int = 1, most: int = MAX_COUNT
) -> Callable[[str], int]:
    """Reads a whole number from `least` (1 or 0) to `most`, called `what` in errors, which end with the remedy."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise LonglagError(f"{what} {shown(text)} is not a whole number; {remedy}") from None
        if value < least:
            raise LonglagError(f"{what} {shown(value)} is {'not positive' if least else 'negative'}; {remedy}")
        if value > most:
            raise LonglagError(f"{what} {shown(value)} is too large; at most {most:,}")
        return value

    return read


lag = count("lag", "write one lag in steps, such as 50; `longlag ladder` takes several: --lags 20,50")
candidate = count("candidate", "write a number from 0 (the recipe) on", least=0, most=protocol.MAX_CANDIDATES)


def names(text: str) -> list[str]:
    """ "lstm, hf" without the blanks that people leave between names. At least one is needed."""
    found = [name.strip() for name in text.split(",") if name.strip()]
    if not found:
        raise LonglagError(f"{shown(text)} has no name; write names with commas, or leave the option out for all")
    return found


def lags(text: str) -> list[int]:
    """ "10,20,50"."""
    one = count("lag", "write lags in steps with commas between them, such as 20,50,100")
    return sorted({one(part) for part in text.split(",")})


def positive(what: str) -> Callable[[str], float]:
    """Reads a positive, finite number, called `what` in errors."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not (value > 0 and math.isfinite(value)):
            raise LonglagError(f"{what} {shown(text)} is not a positive number")
        return value

    return read


budget = positive("a budget is a number of sequence passes, such as 1e6:")
checkpoint_interval = positive("--checkpoint-every, seconds between two checkpoints, such as 60:")
checkpoint_variable = positive("the variable LONGLAG_CHECKPOINT_EVERY, seconds between two checkpoints, such as 60:")


def refuse_idle(given: object, option: str, needed: str) -> None:
    """Raises LonglagError if an option was given without the one that it needs: it would have no effect."""
    if given:
        raise LonglagError(f"{option} has no effect alone; add {needed}, or leave {option} out")


def refuse_twice(given: Sequence[str], option: str) -> None:
    """Raises LonglagError if an option names something twice: each run would be asked for twice."""
    twice = next((name for name in given if given.count(name) > 1), None)
    if twice is not None:
        raise LonglagError(f"{option} names {twice!r} twice; name it once")


def add_plugins(parser: argparse.ArgumentParser) -> None:
    """`--plugin`, which `load_plugins` reads."""
    parser.add_argument("--plugin", action="append", default=[], metavar="FILE", help="Python file with METHOD or TASK")


def load_plugins(args: argparse.Namespace) -> None:
    """Registers the plug-ins that `--plugin` names."""
    for path in args.plugin:
        registry.load_plugin(path)


def add_training(
    parser: argparse.ArgumentParser,
    read_seeds: Callable[[str], tuple[int, ...]] = seeds,
    required: bool = True,
    also: str = "",
) -> None:
    """What `train`, `ladder` and `tune` have in common. required: whether the parser insists on --method and --out.

    also: what the help of --seeds says besides.
    """
    parser.add_argument("--method", required=required, help="a name from `longlag list`")
    parser.add_argument(
        "--seeds",
        type=read_seeds,
        default=(0,),
        help=f"a range such as 0:5 for seeds 0 to 4, or single seeds such as 3 or 1,4,9 (default: seed 0){also}",
    )
    parser.add_argument("--budget", type=budget, help="sequence passes per seed and lag (default: 1e7)")
    stop = "`solved`: stop when confirmed; `budget`: always use the whole budget (default: solved)"
    parser.add_argument("--stop", choices=protocol.STOPS, default=protocol.STOPS[0], help=stop)
    parser.add_argument("--timeout", type=positive("timeout"), help="wall-clock seconds per seed and lag; a safety net")
    setting = (
        "change a number of the method, such as optimiser.learning_rate=0.1, or adding:optimiser.learning_rate=0.1 "
    )
    setting += "for one task; a path that ends in ? counts only where the method has it; see `longlag show METHOD`"
    parser.add_argument("--set", action="append", default=[], metavar="PATH=VALUE", help=setting)
    rule = (
        "replace one of the package's rules, as some papers need: recent=2000 or test_lags=[500,1000]; may be repeated"
    )
    parser.add_argument("--rule", action="append", default=[], metavar="NAME=VALUE", help=rule)
    variant = "name of the method with these settings in the records, beside the method itself"
    parser.add_argument("--variant", metavar="NAME", help=variant)
    parser.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N (default: cpu)")
    add_plugins(parser)
    cache = "folder that keeps finished rungs and checkpoints (default: a hidden one, until all rows are written)"
    parser.add_argument("--cache", type=Path, metavar="DIR", help=cache)
    interval = "seconds between two checkpoints (default: $LONGLAG_CHECKPOINT_EVERY or 60)"
    parser.add_argument("--checkpoint-every", type=checkpoint_interval, metavar="SECONDS", help=interval)
    rows = "CSV file of rows, one per seed and lag; one that holds other runs is not replaced"
    parser.add_argument("--out", required=required, metavar="FILE", help=rows)
    parser.add_argument("--replace", action="store_true", help="replace a file that holds other runs")


def add_run(parser: argparse.ArgumentParser, **how: Any) -> None:
    """RUN: the positional argument of every verb that reads finished runs; `runs_file` finds its file."""
    parser.add_argument("runs", type=Path, metavar="RUN", help="a folder with runs.csv, or such a file", **how)


def runs_file(run: Path) -> Path:
    """The runs.csv (or runs.csv.gz) that RUN means. The labels of the plug-ins of its suite are read as well.

    Raises:
        LonglagError: a folder without one.
    """
    from longlag.store import records

    if not files.is_folder(run) and not files.is_file(run):
        raise LonglagError(f"there is no {run}; RUN is a folder with runs.csv, or the file itself")
    found = records.rows_in(run) if files.is_folder(run) else run
    if found != run and not files.is_file(found):
        raise LonglagError(f"{run} has no runs.csv; RUN is a folder with that file, or the file itself")
    _read_labels(found.parent)
    return found


def _read_labels(folder: Path) -> None:
    """Of the plug-ins that a suite.json names, and of Python files beside it; their code is not run."""
    try:
        plugins = json.loads((folder / "suite.json").read_bytes())["plugins"]
        named = [Path(plugin) for plugin in plugins]
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return
    registry.read_labels([*named, *sorted(folder.glob("*.py"))])


def add_suite(parser: argparse.ArgumentParser) -> None:
    """SUITE: the positional argument of verbs that plan; `suite_of` reads it."""
    parser.add_argument("suite", metavar="SUITE", help="a name in config/ or the path of a suite's YAML file")


def suite_of(args: argparse.Namespace) -> Suite:
    """The suite that SUITE means: that file, or NAME.yaml in ./config or among those of the package.

    Raises:
        LonglagError: there is none, or it is refused.
    """
    from longlag import resources
    from longlag.design import suite

    path = Path(args.suite)
    if path.suffix:
        return suite.read(path)
    return suite.find({"suite": args.suite}, [Path("config"), resources.find("config")])


def check_folder(path: Path) -> None:
    """Raises LonglagError if `--out` names a file and takes a folder."""
    if files.is_file(path):
        raise LonglagError(f"{path} is a file; --out takes a folder")


def add_recording(parser: argparse.ArgumentParser) -> None:
    """What is recorded during training: `train` and `ladder` alone have it."""
    curves = "parquet file of learning curves; one that holds those of other runs is not replaced"
    parser.add_argument("--curves", metavar="FILE", help=curves)
    watch = "record gradient flow with the curves: derivatives against lag, spectral radius, saturation, update norm"
    parser.add_argument("--gradient-flow", action="store_true", help=watch)
    taken = "finished rows: those of the same spec and seed are taken, not trained; may be repeated"
    parser.add_argument("--reuse", action="append", default=[], type=Path, metavar="RUN", help=taken)
    point = "train point N of the method's search space, on seeds from 1000000 on (0: its recipe)"
    parser.add_argument("--candidate", type=candidate, metavar="N", help=point)


def check_outputs(*outputs: str | None, cache: Path | None) -> None:
    """Raises LonglagError now if an output could not be written after training; None is an output not asked for."""
    paths = [path for path in outputs if path is not None]
    if "" in paths:
        raise LonglagError("an output's name is empty; --out and --curves take the paths of files")
    if len({Path(path).resolve() for path in paths}) < len(paths):
        raise LonglagError(f"--out and --curves are both {paths[0]}; rows and curves need a file each")
    for path, (begins, what) in zip(outputs, _KINDS, strict=False):
        if path is not None:
            _check_name(path)
            files.check_replaceable(path, begins, what)
    if cache:
        _check_cache(cache)


def _check_name(path: str) -> None:
    """Raises LonglagError if the name promises another file than is written."""
    if path.endswith(("/", os.sep)):
        raise LonglagError(f"{path} names a folder, and a file is written; add its name, such as {path}runs.csv")
    if path.endswith(".gz"):
        raise LonglagError(f"{path} ends in .gz, and files are written unpacked; leave the ending out")


def _check_cache(folder: Path) -> None:
    """Raises LonglagError if the folder cannot be a cache. If its file system fails now, that is a line: the run can do
    without a cache, now as later."""
    try:
        files.check_writable(folder / "rung")
    except LonglagError as error:
        failed = error.__cause__
        if not isinstance(failed, OSError) or failed.errno == errno.ENAMETOOLONG:
            raise
        say(f"cannot look at the cache {folder}: {failed.strerror}; training starts")
