"""All rows and curves of a suite in one table each. No torch.

Every run of the suite gets exactly one row. If a job was killed, did not run or left a damaged file, its rows get the
status `error` and the reason, so a failed job appears in the figures instead of blocking them. Rows of other runs are
left out, with a warning.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from longlag import settings
from longlag.design.job import Job, in_words
from longlag.design.suite import Suite
from longlag.errors import LonglagError
from longlag.settings import bare
from longlag.store import files
from longlag.store.curves import curves_schema, joined, points_of, read_curves
from longlag.store.records import KEY, Key, Row, Status, key_of, read_rows

Warn = Callable[[str], None]
_CURVES = curves_schema()
_UNKNOWN: Mapping[str, Any] = {"str": "", "int": 0, "float": math.nan, "bool": False, "int | None": None}


def collect(suite: Suite, folder: Path, warn: Warn) -> tuple[list[Row], pa.Table]:
    """Reads the files of all jobs of a suite.

    Args:
        folder: the folder of all jobs: METHOD/GROUP/seedsCHUNK/runs.csv and curves.parquet.
        warn: called with one line for each thing that was left out or replaced.

    Returns:
        One row per run of the suite, and the points of their learning curves, a column per field of `Point` (a
        table because a large suite has tens of millions of points).

    Raises:
        LonglagError: there is no such folder, or the digests of the suite are not known.
    """
    if not files.is_folder(folder):
        raise LonglagError(f"{folder} is not a folder; --jobs takes the folder with the files of the suite's jobs")
    _warn_of_strangers(suite, folder, warn)
    rows: list[Row] = []
    curves = [_CURVES.empty_table()]
    for job in suite.jobs:
        found = _rows_of(job, suite.wanted(job), folder / job.folder / "runs.csv", warn)
        rows += found
        if alive := [key_of(row) for row in found if row.spec_hash]:
            curves.append(_curves_of(job, alive, folder / job.folder / "curves.parquet", warn))
    return _with_minimal_lags(rows), joined(curves)


def answers(path: Path, wanted: Mapping[Key, str | None]) -> bool:
    """Whether a job's runs.csv holds a row for each of these runs, with the digest that belongs to it."""
    try:
        found = {key_of(row): row.spec_hash for row in read_rows(path)}
    except LonglagError:
        return False
    return all(key in found and found[key] == digest for key, digest in wanted.items())


def _rows_of(job: Job, wanted: Mapping[Key, str | None], path: Path, warn: Warn) -> list[Row]:
    """One row per run of the job, in the order of `Job.runs`."""
    without = "its job wrote no row for it; see the log of the job and run the suite again"
    stale: dict[Key, str] = {}  # why a run's row does not count
    found: dict[Key, Row] = {}
    extra: set[Key] = set()
    try:
        for row in read_rows(path):
            key = key_of(row)
            if key not in wanted:
                extra.add(key)
            elif row.spec_hash != wanted[key]:
                stale[key] = (
                    f"its job ran with {_stale(job, row, wanted[key])}; delete its files and run the suite again"
                )
            elif key in found:
                warn(f"{path}: two rows for {in_words(key)}; the first one counts")
            else:
                found[key] = row
    except LonglagError as error:
        absent = f"its job wrote no {path.name}: it was killed or has not run yet"
        without = str(error) if files.is_file(path) else absent
    if extra:
        example = in_words(min(extra))
        warn(f"{path}: left out {len(extra)} rows that are not in the suite, such as {example}")
    reasons = {key: stale.get(key, without) for key in wanted if key not in found}
    if any(digest is None for digest in wanted.values()):
        unbuilt = "a run of its job cannot be built; `longlag design` of the suite says why"
        reasons = {key: f"{unbuilt} ({reason})" for key, reason in reasons.items()}
    if reasons:
        first, *others = dict.fromkeys(reasons.values())
        more = "; other rows have other reasons" if others else ""
        warn(f"{path}: {len(reasons)} of {len(wanted)} rows are missing and get the status error: {first}{more}")
    return [found.get(key) or error_row(job, key, reasons[key]) for key in wanted]


def _stale(job: Job, row: Row, digest: str | None) -> str:
    """Why the digest of a row is not that of the suite, in words."""
    if row.budget != job.budget:
        return f"another budget, {row.budget:g}"
    overrides = json.loads(row.spec or "{}").get("overrides", {})
    given = settings.of_task(settings.parse(job.assignments()), row.task).items()
    asked = {bare(path): value for path, value in given if path == bare(path) or bare(path) in overrides}
    if job.candidate is None and overrides != asked:
        return f"other settings, {overrides}"
    versions = f"task {row.task_version}, method {row.method_version}, protocol {row.protocol_version}"
    return f"another spec, {row.spec_hash or 'none'} instead of {digest or 'one that can be built'} ({versions})"


def error_row(job: Job, key: Key, reason: str) -> Row:
    """The row of a run that wrote none: what the suite knows, and unknown values for the rest."""
    known: dict[str, Any] = dict(zip(KEY, key, strict=True))
    known |= {"status": str(Status.ERROR), "reason": reason}
    known |= {"budget": float(job.budget), "device": job.device}
    return Row(**{f.name: known.get(f.name, _UNKNOWN[str(f.type)]) for f in fields(Row)})


def _curves_of(job: Job, alive: list[Key], path: Path, warn: Warn) -> pa.Table:
    """The points of the runs in `alive`; none of them, with a warning, if the file is missing or damaged."""
    try:
        return points_of(read_curves(path), alive)
    except LonglagError as error:
        warn(f"no learning curves of {job.folder}: {error}")
        return _CURVES.empty_table()


def _with_minimal_lags(rows: list[Row]) -> list[Row]:
    """The minimal lag depends on task and lag alone: a replaced row copies it from another method or seed."""
    known = {(row.task, row.lag): row.minimal_lag for row in rows if row.spec_hash}
    replaced = [replace(row, minimal_lag=known.get((row.task, row.lag))) for row in rows if not row.spec_hash]
    return [row for row in rows if row.spec_hash] + replaced


def _warn_of_strangers(suite: Suite, folder: Path, warn: Warn) -> None:
    own = {folder / job.folder / "runs.csv" for job in suite.jobs}
    for path in sorted(folder.glob("*/*/seeds*/runs.csv")):
        if path not in own:
            warn(f"{path}: left out; the suite has no such job")
