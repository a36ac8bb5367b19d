"""All methods in one order, how each was set, and how its settings were chosen."""

from __future__ import annotations

from typing import Any

import pandas as pd

from longlag.analysis import Analysis
from longlag.design import chosen
from longlag.store.specs import base_method
from longlag.tables.tools import chosen as chosen_words
from longlag.words import join_words, percent, percent_interval, seeds_phrase, setting

TITLE, BESIDE = "Ranking", "overview"


def build(analysis: Analysis) -> pd.DataFrame:
    """One row per method, best first: share of seeds solved with its interval, pairs of task and lag, settings, and how
    they were chosen, unless that is the same for all: then the note says it."""
    table = analysis.ranking
    versions = {str(name): sorted({*map(int, of)}) for name, of in _known(analysis).groupby("method").method_version}
    how = _how_chosen(analysis)
    rows = []
    for row in table.itertuples():
        rank = 1 + int((table.share > row.share).sum())
        share = f"{percent(row.share)} {percent_interval(row.low, row.high)}"
        given = "–" if analysis.smoke and row.method == analysis.newcomer else rank
        settings = _words(row.settings, versions.get(row.method, []))
        rows.append([given, row.method, share, f"{row.cells} of {row.of}", row.n, settings, how[row.method]])
    found = pd.DataFrame(rows, columns=["rank", "method", "seeds solved", "pairs", "runs", "settings", "how chosen"])
    return found.drop(columns="how chosen") if _alike(how) else found


def _known(analysis: Analysis) -> pd.DataFrame:
    """Rows that name the version of their method; that of a killed job does not."""
    return analysis.runs[analysis.runs.method_version > 0]


def _how_chosen(analysis: Analysis) -> dict[str, str]:
    """How the settings of each method were chosen, in words."""
    bases = {str(name): base_method(of.iloc[0], str(name)) for name, of in _known(analysis).groupby("method").spec}
    return {
        row.method: chosen_words.words(
            chosen.of(analysis.designs.get(row.method), bases.get(row.method, row.method), row.given)
        )
        for row in analysis.ranking.itertuples()
    }


def _alike(how: dict[str, str]) -> bool:
    """Whether several methods were set in one way."""
    return len(how) > 1 and len({*how.values()}) == 1


def _words(settings: dict[str, list[Any]], versions: list[int]) -> str:
    """How a method was set: by its file at that version alone, one setting for all its tasks, or task by task."""
    if not settings:
        return "those of its file" + (f", version {join_words(map(str, versions))}" if versions else "")
    alike = [f"{path} = {setting(values[0])}" for path, values in settings.items() if len(values) == 1]
    each = [path for path, values in settings.items() if len(values) > 1]
    kinds = {"on every task": alike, "per task": each}
    return "; ".join(f"{kind}: {', '.join(of)}" for kind, of in kinds.items() if of)


def note(analysis: Analysis) -> str:
    """What the methods are ordered by, n and the kind of interval."""
    how = _how_chosen(analysis)
    alike = f" All are chosen alike: {next(iter(how.values()))}." if _alike(how) else ""
    return (
        "Seeds solved: the share of a method's seeds that solve, averaged over the pairs of task and lag that at "
        "least half of the methods of the task were run at; Wilson's 95 % interval with a seed's ladder for a trial, "
        f"{seeds_phrase(analysis.reach.n)} per task. It knows the seeds, not the choice of the tasks and lags: another "
        "choice may give another order. "
        "A method that was run at few of these pairs is ranked by them alone. Settings: what was changed from "
        "the values in the method's file at the version that the rows name (docs/protocol.md explains those of today); "
        "per task: another value for each. How chosen: what the suite of the rows says (suite.json beside them), its "
        "searches with their numbers of candidates, tuning seeds and tasks and the most sequence passes of a run; "
        "tasks that were not searched have the one setting of all tasks; unknown without that suite. docs/tuning.md "
        f"explains the search, docs/protocol.md where the values of each file come from.{alike}"
    )
