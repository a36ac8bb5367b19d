"""What a suite would replace in its folder: the record of another suite, or runs that it does not ask for itself.

Runs whose job files are still there are not lost: a design that asks for them collects them again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from longlag.design import suite
from longlag.design.job import in_words
from longlag.design.suite import Suite
from longlag.errors import LonglagError
from longlag.store import files
from longlag.store.records import Key, Row, key_of, read_rows, rows_in


def refuse_loss(folder: Path, plan: Suite, remedy: str, jobs: Path | None = None) -> None:
    """Raises LonglagError, with this remedy, where `loss` names something."""
    if lost := loss(folder, plan, jobs):
        raise LonglagError(f"{lost}; {remedy}")


def loss(folder: Path, plan: Suite, jobs: Path | None = None) -> str:
    """A sentence on what the suite would replace in this folder; empty if nothing is lost.

    jobs: the folder of the job files (default: jobs in that folder).
    """
    name = _held(folder)
    if not name:
        strangers = sorted(_recorded(folder) - plan.expected().keys())
        if not strangers:
            return ""
        return (
            f"{rows_in(folder)} has rows of other runs ({len(strangers)}), such as {in_words(strangers[0])}, "
            f"which the suite {plan.name!r} would replace"
        )
    if name != plan.name:
        return f"{folder} holds the record of the suite {name!r}, which {plan.name!r} would replace"
    dropped = _dropped(folder, plan)
    gone = {method for method in {key[1] for key in dropped} if not _has_files(jobs or folder / "jobs", method)}
    lost = sorted(key for key in dropped if key[1] in gone)
    if not lost:
        return ""
    return (
        f"{folder} holds a larger record of the suite {name!r}, which the suite as it is now would replace: it does "
        f"not ask for {len(lost)} of its runs, such as {in_words(lost[0])}"
    )


def refuse_emptier(folder: Path, rows: Iterable[Row], jobs: Path, remedy: str) -> None:
    """Raises LonglagError, with this remedy, where the folder has finished rows of runs that have none among `rows`.

    rows: what was collected from the files of `jobs`.
    """
    before = {key_of(row) for row in _rows(folder) if row.spec_hash}
    if lost := sorted(before - {key_of(row) for row in rows if row.spec_hash}):
        raise LonglagError(
            f"{rows_in(folder)} has finished rows that the jobs in {jobs} lack ({len(lost)}), such as "
            f"{in_words(lost[0])}: rows with the status error would replace them; {remedy}"
        )


def leaving(folder: Path, plan: Suite) -> str:
    """A sentence on the runs that leave the suite's record and are not lost; empty if there are none."""
    if _held(folder) != plan.name:
        return ""
    dropped = sorted(_dropped(folder, plan))
    if not dropped:
        return ""
    return (
        f"the suite as it is now does not ask for {len(dropped)} of the runs of its record, such as "
        f"{in_words(dropped[0])}: these rows leave {folder / 'runs.csv'}. What was trained stays in "
        f"{folder / 'rungs'}: run the suite as it was before, and it is taken from there"
    )


def _dropped(folder: Path, plan: Suite) -> set[Key]:
    """The runs that the record's design asks for, and the suite does not."""
    try:
        before = {*suite.read(folder / "suite.json").expected()}
    except LonglagError:  # of a method or task that is gone, or of a plug-in that is not here
        before = _recorded(folder)
    return before - plan.expected().keys()


def _recorded(folder: Path) -> set[Key]:
    """The runs that are in a record that can be read."""
    return {key_of(row) for row in _rows(folder)}


def _rows(folder: Path) -> list[Row]:
    """The rows of a record; none if there is no record, or none that can be read."""
    with suppress(LonglagError):
        return read_rows(rows_in(folder))
    return []


def _held(folder: Path) -> str:
    """The name of the suite whose rows are in a folder; empty if there are none."""
    if not files.is_file(rows_in(folder)):
        return ""
    try:
        return str(json.loads(files.read(folder / "suite.json"))["suite"])
    except (LonglagError, ValueError, TypeError, KeyError):
        return ""


def _has_files(jobs: Path, method: str) -> bool:
    return any(jobs.glob(f"{method}/*/seeds*/runs.csv"))
