"""Files of learning curves beside rows: which of them a verb reads, and what a user hears of the others.

Of one RUN the file that `--curves` names is read, else `curves.parquet` if RUN is its folder; of several RUNs, or one
with a label, `curves.parquet` beside the rows of each. A point names its task, method, lag and seed, but no spec: that
curves are of the same runs with other settings is seen only where they continue after the passes of the rows.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longlag.errors import LonglagError, say
from longlag.store import files
from longlag.words import count, join_words

if TYPE_CHECKING:
    from longlag.store.records import Key

NAME = "curves.parquet"
LOOK_UP = f"of several RUNs, or LABEL=RUN, the {NAME} beside each is read"
OF_ONE = f"name one with --curves, or the folder of {NAME} as RUN"
OF_EACH = f"{NAME} beside a RUN is read: keep each record in a folder of its own as runs.csv and {NAME}"


def add(parser: argparse.ArgumentParser) -> None:
    """`--curves` of the verbs that read them."""
    found = f"learning curves of one RUN (default: {NAME} in RUN, if RUN is a folder); {LOOK_UP}"
    parser.add_argument("--curves", metavar="FILE", help=found)


def of(run: Path, given: str | None) -> Path | None:
    """The curves of one RUN: those that `--curves` names, else curves.parquet if RUN is a folder that has it."""
    inside = run / NAME
    return Path(given) if given else inside if files.is_file(inside) else None


def beside(runs: Path) -> Path | None:
    """`curves.parquet` beside a file of rows, if there is one."""
    path = runs.with_name(NAME)
    return path if files.is_file(path) else None


def tell_unread(runs: Iterable[Path], read: Iterable[Path | None], remedy: str) -> None:
    """Names on standard error the files of learning curves beside these files of rows that are not among those read."""
    from longlag.store.curves import is_curves

    known = {path.resolve() for path in read if path}
    folders = dict.fromkeys(path.parent for path in runs)
    found = [path for folder in folders for path in sorted(folder.glob("*.parquet")) if path.resolve() not in known]
    if unread := [str(path) for path in found if is_curves(path)]:
        say(f"learning curves in {join_words(unread)} are not read; {remedy}")


def tell_strangers(path: str | Path, strangers: Sequence[Key], rows: str | Path) -> None:
    """Says on standard error that a file of curves has those of other runs, if it has any; they are left out."""
    if strangers:
        runs = f"{count(len(strangers), 'run')} without a row in {rows}, such as {_first(strangers)}"
        say(f"{path}: left out the learning curves of {runs}")


def refuse_strangers(path: str | Path, points: Any, strangers: Sequence[Key], rows: str | Path) -> None:
    """Raises LonglagError if a file that a user named has curves of other runs alone. points: those of these runs."""
    if strangers and not len(points):
        raise LonglagError(
            f"{path} has no learning curve of a run in {rows}, but that of {_first(strangers)}; name the file that was "
            "written with these rows"
        )


def tell_outlasting(path: str | Path, longer: Sequence[Key]) -> None:
    """Says on standard error that curves continue after the ends of their runs, if any do."""
    if longer:
        runs = f"those of {count(len(longer), 'run')} continue after the passes of the row, such as {_first(longer)}"
        say(f"{path} may have learning curves of runs with other settings: {runs}")


def _first(strangers: Sequence[Key]) -> str:
    from longlag.design.job import in_words

    return in_words(min(strangers))
