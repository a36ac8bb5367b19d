"""Whole, partial and empty results for the tests of figures, tables and the report. Nothing here was trained."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache

import pytest

import fake_results
from longlag.analysis import Analysis, stats
from longlag.store.records import Point, Row, Status
from longlag.tables import published
from longlag.tables.tools import papers


def analysis(rows: Sequence[Row], curves: bool = True) -> Analysis:
    """The analysis of these rows, with a made-up learning curve for each of them or with none."""
    return Analysis(stats.frame(Row, rows), stats.frame(Point, fake_results.points(rows) if curves else []))


def dead(rows: Sequence[Row]) -> list[Row]:
    """The rows as `collect` writes them for killed jobs: no numbers at all."""
    nan = dict.fromkeys(
        ("passes", "passes_to_solve", "budget", "flops", "constant_error", "half_solved_error"), math.nan
    )
    return [replace(r, solved=False, status=Status.ERROR.value, minimal_lag=None, **nan) for r in rows]  # type: ignore[arg-type]


_verdicts = cache(papers.verdicts)


@pytest.fixture(autouse=True)
def papers_judged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cells of papers are the same in every case, and take a quarter of a second to judge. For modules that import it."""
    monkeypatch.setattr(published, "verdicts", _verdicts)


CASES: dict[str, Callable[[], Analysis]] = {
    "whole": lambda: analysis(fake_results.runs(seeds=[0, 1])),
    "one seed": lambda: analysis(fake_results.runs(seeds=[0])),
    "one method and task": lambda: analysis(fake_results.runs([0], ["hf"], ["adding"], [20])),
    "nothing solved": lambda: analysis(fake_results.runs([0, 1], ["control"], ["adding"], [100, 200])),
    "no curves": lambda: analysis(fake_results.runs([0]), curves=False),
    "all dead": lambda: analysis(dead(fake_results.runs([0, 1], ["lstm", "hf"])), curves=False),
    "no runs": lambda: analysis([]),
    "many tasks": lambda: analysis(fake_results.sparse()),
    "half done": lambda: analysis(fake_results.uneven()),
    "thirteen methods": lambda: analysis(fake_results.crowded([0, 1])),
    "all solved": lambda: analysis(fake_results.runs([0, 1], ["esn"], ["adding"], [20]), curves=False),
    "many tasks, one method": lambda: analysis([row for row in fake_results.sparse() if row.method == "esn"]),
    "two tasks, few pairs": lambda: analysis(
        fake_results.runs([0], tasks=["adding"]) + fake_results.runs([0], ["hf"], ["memorization_5bit"])
    ),
    "hostile names": lambda: analysis(
        [replace(r, task="$x_{<b>$", method="_m$^&") for r in fake_results.runs([0], ["lstm"], ["adding"])]
    ),
}


@cache
def shared(case: str) -> Analysis:
    """The analysis of a case, one for all tests that only read it, so that each of its results is computed once.

    Nobody changes a table in place. A test that replaces what computes a result takes a new one from CASES.
    """
    return CASES[case]()
