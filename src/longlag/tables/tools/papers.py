"""A paper's cells, from its file in config/papers and its committed records: published, measured and a verdict."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from longlag.analysis import papers, published, stats
from longlag.analysis.papers import SHARES
from longlag.design import stages
from longlag.store import files
from longlag.store.records import Row
from longlag.words import NOT_RUN, number


@dataclass(frozen=True, eq=False)
class Paper:
    """A paper's page as data. runs: all rows of its records, those of searches included. cells: `papers.cells`."""

    name: str
    config: dict[str, Any]
    runs: pd.DataFrame
    cells: pd.DataFrame
    choices: stages.Choices

    @property
    def page(self) -> dict[str, Any]:
        """What the file says of the page."""
        return dict(self.config["page"])


def load(name: str) -> Paper:
    """A paper with its records: those of the working directory, else the package's. Without any, no cell was run.

    Raises:
        LonglagError: no such paper, or a damaged file.
    """
    config = stages.read(name)
    file = stages.record_of(name, "runs.csv")
    runs = stats.load_runs(file) if files.is_file(file) else stats.frame(Row, [])
    cells = papers.cells(name, config["page"], published.load(), runs, _curves(name, config))
    return Paper(name, config, runs, cells, stages.read_choices(name))


def _curves(name: str, config: dict[str, Any]) -> pd.DataFrame | None:
    """The learning curves of a paper's records, if a cell of its page asks for them and there are any."""
    file = stages.record_of(name, "curves.parquet")
    asked = any("below" in of for _, of in papers.places(config["page"]))
    return stats.load_curves(file) if asked and files.is_file(file) else None


def verdicts() -> pd.DataFrame:
    """The cells of papers that show a fact; the index is the fact's line in `published.load()`. Of several the first
    that was run counts; `instead` is its label in its table if an earlier one, of another net, was not run."""
    known = {*published.load().paper}
    found = [load(name).cells for name in stages.names() if name in known]
    cells = pd.concat(found) if found else pd.DataFrame({"fact": [], "n": [], "row_label": []})
    shown = cells[cells.fact >= 0]
    shown = shown.assign(instead=shown.row_label.where(shown.duplicated("fact"), ""))
    return shown.sort_values("n", key=lambda runs: runs == 0, kind="stable").drop_duplicates("fact").set_index("fact")


def in_unit(value: float, metric: str, percent: bool = False) -> str:
    """A number in the paper's unit; percent: a share of sequences wrong in percent.

    >>> in_unit(0.00025, "share_wrong"), in_unit(74000, "sequences"), in_unit(100, "success_percent")
    ('0.00025', '74 k', '100 %')
    >>> in_unit(0.00025, "share_wrong", percent=True)
    '0.025 %'
    """
    if math.isnan(value):
        return "–"
    if metric == "sequences":
        return number(value)
    if percent and metric == "share_wrong":
        return f"{digits(100 * value)} %"
    return f"{digits(value)} %" if metric in SHARES else digits(value)


def digits(value: float) -> str:
    """Three digits without an exponent, as papers print numbers.

    >>> digits(5e-05), digits(7.981), digits(8.0)
    ('0.00005', '7.98', '8')
    """
    return np.format_float_positional(float(f"{value:.3g}"), trim="-")


def measured(cell: dict[str, Any], percent: bool = False) -> str:
    """Our number with its interval and how many runs it is of; percent: as of `in_unit`."""
    if not cell["n"]:
        return NOT_RUN
    n, metric = cell["n"], cell["metric"]
    if metric in SHARES:
        spent = f", {number(cell['passes'])} passes" if cell["solved"] and not math.isnan(cell["passes"]) else ""
        return f"{cell['solved']}/{n} solved [{cell['low']:.0f}, {cell['high']:.0f} %]{spent}"
    mean, low, high = (in_unit(cell[name], metric, percent) for name in ("mean", "low", "high"))
    least = "at least " if cell["bounds"] and not math.isnan(cell["mean"]) else ""
    ends = "" if math.isnan(cell["low"]) else f" [{low.removesuffix(' %')}, {high}]"
    if metric == "sequences" or (metric == "speedup" and cell["solved"] < n):
        found = f"{least}{mean}{ends}, " if cell["solved"] else ""
        return f"{found}criterion met by {cell['solved']} of {n}"
    return f"{least}{mean}{ends}, n = {n}"
