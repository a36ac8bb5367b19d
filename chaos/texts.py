"""Texts of every kind in rows, curves and errors: what is written can be read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from chaos.tally import Tally
from longlag.design import collect, suite
from longlag.errors import LonglagError, in_a_line
from longlag.rng import stream
from longlag.store import records
from longlag.store.curves import read_points, write_points

_PIECES = [",", '"', "\r", "\n", "\r\n", "\x00", "\x1b[31m", "\x85", "\u2028", "\ud800", "\udfff", "\\", "'", " ",
           "=1+1", "|", "<b>", "é", "{x}"]  # fmt: skip
_LONG = 150_000  # letters
_OF_A_KIND = ("status", "spec", "test_error_by_lag")  # not any text may stand there
_TEXTS = [f.name for f in fields(records.Row) if str(f.type) == "str" and f.name not in _OF_A_KIND]
_NAMES = {f.name for f in fields(records.Row) if f.metadata["name"]}  # stand in one line, with escapes


def text(draw: np.random.Generator) -> str:
    """Some pieces and letters of any code, rarely very many."""
    letters = [chr(code) for code in draw.integers(0x110000, size=int(draw.integers(6)))]
    pieces = [*letters, *draw.choice(_PIECES, size=int(draw.integers(6)))]
    once = "".join(pieces[i] for i in draw.permutation(len(pieces)))
    return once * (_LONG // max(len(once), 1)) if draw.random() < 0.02 else once


def campaign(folder: Path, n: int, seed: int, deadline: float) -> Tally:
    """Writes rows with such texts and reads them, n times."""
    draw = stream(seed, "chaos", "texts")
    design = {"suite": "s", "seeds": 1, "lags": [10], "cells": [{"methods": ["esn"], "tasks": ["adding"]}]}
    (job,) = suite.parse(design).jobs
    row = replace(collect.error_row(job, next(job.runs()), ""), status="error")

    def prepare(i: int) -> tuple[str, Callable[[], str]]:
        changes: dict[str, Any] = {str(name): text(draw) for name in draw.choice(_TEXTS, size=3, replace=False)}
        return f"{ {name: value[:40] for name, value in changes.items()} }", lambda: _attempt(folder, row, changes)

    return Tally("texts").repeat(n, deadline, prepare)


def _attempt(folder: Path, row: records.Row, changes: dict[str, Any]) -> str:
    records.write_rows(folder / "runs.csv", [replace(row, **changes)])
    try:
        (found,) = records.read_rows(folder / "runs.csv")
    except LonglagError as error:
        raise AssertionError(f"what was written cannot be read: {error}") from error
    exact = True
    for name, value in changes.items():
        shown = value.encode(errors="backslashreplace").decode()
        back = getattr(found, name)
        escaped = name in _NAMES and back.isprintable()
        assert back == shown or escaped, f"{name} came back as {back!r}"
        exact = exact and back == value
    write_points(folder / "c.parquet", [records.Point(found.task, 10, found.method, 0, 1.0, 1, 0.5, 0.5, 0.5, 0.1)])
    assert read_points(folder / "c.parquet")[0].task == found.task, "a point's task is another one"
    for value in changes.values():
        assert in_a_line(ValueError(value)).isprintable(), "an error has several lines"
    return "read as written" if exact else "read as escapes"
