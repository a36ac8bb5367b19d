"""The trials of a search: read from its rows and learning curves, and kept in one small file, `trials.csv`."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from longlag.engine.selection import Trial, of_row
from longlag.errors import LonglagError
from longlag.store import curves, files, records
from longlag.store.records import Key, Row, key_of

_READ: dict[str, Callable[[str], Any]] = {"str": str, "int": int, "float": float, "Mapping[str, Any]": json.loads}


@dataclasses.dataclass(frozen=True)
class Entry:
    """A run that a search asks for. digest: of its spec; None if it cannot be built."""

    method: str
    candidate: int
    digest: str | None


def of_record(
    rows: Iterable[Row], curves_path: Path, wanted: Mapping[Key, Entry]
) -> tuple[list[Trial], dict[Key, Entry]]:
    """The trials of the runs that a search asks for, and the runs of which there is no row of that spec.

    Raises:
        LonglagError: a missing or damaged file of learning curves.
    """
    losses = curves.last_losses(curves.read_curves(curves_path))
    found: dict[Key, Trial] = {}
    for row in rows:
        key = key_of(row)
        entry = wanted.get(key)
        if entry and row.spec_hash and row.spec_hash == entry.digest:
            settings = json.loads(row.spec)["overrides"]
            found[key] = of_row(row, entry.method, entry.candidate, losses.get(key, math.nan), settings)
    return sorted(found.values(), key=_place), {key: entry for key, entry in wanted.items() if key not in found}


def _place(trial: Trial) -> tuple[str, int, str, int, int]:
    return trial.method, trial.candidate, trial.task, trial.lag, trial.seed


def write(path: str | Path, trials: Iterable[Trial]) -> None:
    """Writes trials as CSV, sorted by method, candidate, task, lag and seed."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(field.name for field in dataclasses.fields(Trial))
    for trial in sorted(trials, key=_place):
        writer.writerow(_text(getattr(trial, field.name)) for field in dataclasses.fields(Trial))
    files.write_atomically(path, text.getvalue().encode())


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True) if isinstance(value, Mapping) else str(value)


def read(path: str | Path) -> list[Trial]:
    """Reads trials back.

    Raises:
        LonglagError: missing, damaged or foreign file.
    """
    fields = {field.name: _READ[str(field.type)] for field in dataclasses.fields(Trial)}
    try:
        lines = list(csv.DictReader(io.StringIO(files.read(path).decode())))
        return [Trial(**{name: of(line[name]) for name, of in fields.items()}) for line in lines]
    except (ValueError, KeyError, TypeError, csv.Error) as error:
        raise LonglagError(f"{path} is not a file of trials ({error}); `longlag tune --suite` writes one") from error


def commits(rows: Iterable[records.Row]) -> list[str]:
    """The commits that trained the rows, sorted."""
    return sorted({row.commit for row in rows if row.commit})
