"""All rows and curves of a suite in one table each. No torch.

Every run that the suite asks for gets exactly one row. Where a job was killed, never ran or left a damaged
file, its rows are made up as status `error` with the reason, so that one dead cell is no hole in the figures
and never blocks them. Rows that the suite does not ask for are left out, and a note says so.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from longlag.design.suite import Job, Key, Suite
from longlag.errors import LonglagError
from longlag.store.records import KEY, Row, Status, curves_schema, points_of, read_curves, read_rows

Note = Callable[[str], None]
_CURVES = curves_schema()
_UNKNOWN: Mapping[str, Any] = {"str": "", "int": 0, "float": math.nan, "bool": False, "int | None": None}


def collect(suite: Suite, folder: Path, note: Note) -> tuple[list[Row], pa.Table]:
    """Reads the files of all jobs of a suite.

    Args:
        folder: where the jobs lie: METHOD/GROUP/seedsCHUNK/runs.csv and curves.parquet.
        note: is told, in a line, of each thing that was left out or made up.

    Returns:
        One row per run of the suite, and the points of their learning curves, a column per field of `Point` (a
        table and not a list: a large suite has tens of millions).

    Raises:
        LonglagError: there is no such folder, or the digests of the suite are not known.
    """
    if not folder.is_dir():
        raise LonglagError(f"{folder} is no folder; --jobs takes the one with the suite's jobs")
    _note_strangers(suite, folder, note)
    rows: list[Row] = []
    curves = [_CURVES.empty_table()]
    for job in suite.jobs:
        found = _rows_of(job, suite.wanted(job), folder / job.folder / "runs.csv", note)
        rows += found
        if alive := [key_of(row) for row in found if row.spec_hash]:
            curves.append(_curves_of(job, alive, folder / job.folder / "curves.parquet", note))
    order = [(name, "ascending") for name in (*KEY, "passes")]
    return _with_minimal_lags(rows), pa.concat_tables(curves, promote_options="default").sort_by(order)


def key_of(row: Row) -> Key:
    """Task, method, lag and seed."""
    return row.task, row.method, row.lag, row.seed


def answers(path: Path, wanted: Mapping[Key, str | None]) -> bool:
    """Whether a job's runs.csv holds a row for each of these runs, with the digest that belongs to it."""
    try:
        found = {key_of(row): row.spec_hash for row in read_rows(path)}
    except LonglagError:
        return False
    return all(key in found and found[key] == digest for key, digest in wanted.items())


def _rows_of(job: Job, wanted: Mapping[Key, str | None], path: Path, note: Note) -> list[Row]:
    """One row per run of the job, in the order of `Job.runs`."""
    reason = "its job left no row for it; see its log and run the suite again"
    found: dict[Key, Row] = {}
    extra: set[Key] = set()
    try:
        for row in read_rows(path):
            key = key_of(row)
            if key not in wanted:
                extra.add(key)
            elif row.spec_hash != wanted[key]:
                reason = f"its job ran with {_stale(job, row, wanted[key])}; run the suite again"
            elif key in found:
                note(f"{path}: two rows for {_words(key)}; the first one counts")
            else:
                found[key] = row
    except LonglagError as error:
        reason = str(error) if path.exists() else f"its job left no {path.name}: killed, or not run yet"
    if extra:
        example = _words(min(extra))
        note(f"{path}: left out {len(extra)} rows that the suite does not ask for, such as {example}")
    if missing := [key for key in wanted if key not in found]:
        note(f"{path}: {len(missing)} of {len(wanted)} rows made up as errors: {reason}")
    return [found.get(key) or error_row(job, key, reason) for key in wanted]


def _stale(job: Job, row: Row, digest: str | None) -> str:
    """What of a row does not answer the suite as it now stands, in words: the digest alone says that something does."""
    if row.budget != job.budget:
        return f"another budget, {row.budget:g}"
    overrides = json.loads(row.spec or "{}").get("overrides", {})
    if overrides != job.settings:
        return f"other settings, {overrides}"
    versions = f"task {row.task_version}, method {row.method_version}, protocol {row.protocol_version}"
    return f"another spec, {row.spec_hash or 'none'} instead of {digest or 'one that can be built'} ({versions})"


def error_row(job: Job, key: Key, reason: str) -> Row:
    """The row of a run that left none: what the suite knows of it, and unknown for the rest."""
    known: dict[str, Any] = dict(zip(KEY, key, strict=True))
    known |= {"status": str(Status.ERROR), "reason": reason}
    known |= {"budget": float(job.budget), "device": job.device}
    return Row(**{f.name: known.get(f.name, _UNKNOWN[str(f.type)]) for f in fields(Row)})


def _curves_of(job: Job, alive: list[Key], path: Path, note: Note) -> pa.Table:
    """The points of the runs in `alive`; none of them, and a note, where the file is missing or damaged."""
    try:
        return points_of(read_curves(path), alive)
    except LonglagError as error:
        note(f"no learning curves of {job.folder}: {error}")
        return _CURVES.empty_table()


def _with_minimal_lags(rows: list[Row]) -> list[Row]:
    """The minimal lag belongs to task and lag: a made-up row takes it from that of another method or seed."""
    known = {(row.task, row.lag): row.minimal_lag for row in rows if row.spec_hash}
    made_up = [replace(row, minimal_lag=known.get((row.task, row.lag))) for row in rows if not row.spec_hash]
    return [row for row in rows if row.spec_hash] + made_up


def _note_strangers(suite: Suite, folder: Path, note: Note) -> None:
    own = {folder / job.folder / "runs.csv" for job in suite.jobs}
    for path in sorted(folder.glob("*/*/seeds*/runs.csv")):
        if path not in own:
            note(f"{path}: left out, for the suite has no such job")


def _words(key: Key) -> str:
    return "{} with {} at lag {}, seed {}".format(*key)
