"""The picture of a paper's table: numbers as dots beside the published ones, or shares of runs solved over the lag."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from longlag.figures.tools import layout, style

_SMALLEST = 2e-5  # a number of zero is drawn here on a logarithmic axis: the test set has 10,000 sequences
_COLOURS = (0, 3, 2, 1, 4, 9, 5, 6)  # of the palette, one for each arm
_MARKERS = "oDs^vPX*"


def caption(curve: bool) -> str:
    """What the picture shows, and how to read its marks."""
    if curve:
        return "Share of runs solved over the lag T, with Wilson's 95 % interval; open rings: published, where known."
    return (
        "Filled dots: one run each, on a logarithmic axis; open rings: published. "
        f"Zero is drawn at {_SMALLEST:g}; further down is better."
    )


@style.applied()
def draw(cells: pd.DataFrame, curve: bool, width: float = style.PAGE_WIDTH) -> Figure:
    """A panel for each row (of a curve: for each task). cells: of one table, as `analysis.papers.cells` has them."""
    return _curves(cells, width) if curve else _dots(cells, width)


def _dots(cells: pd.DataFrame, width: float) -> Figure:
    rows = [*cells.groupby(["row", "row_label"], sort=False)]
    figure, panels = layout.panels(len(rows), 2.0, width, min(len(rows), 2), sharex=False)
    for panel, ((_, label), row) in zip(panels, rows, strict=True):
        for place, cell in enumerate(row.itertuples()):
            _column(panel, place, cell)
        panel.set_yscale("log")
        panel.set_xticks(range(len(row)), [style.escape_mathtext(text) for text in row.column_label], rotation=30)
        panel.set(title=label, xlim=(-0.6, len(row) - 0.4))
    return figure


def _column(panel: Any, place: int, cell: Any) -> None:
    known = np.array([value for value in cell.values if not np.isnan(value)])
    spread = place + style.dodge(len(known), 0.3)
    panel.plot(spread, np.maximum(known, _SMALLEST), "o", ms=4.5, color=style.COLORBLIND[0], mec="white", mew=0.4)
    if not np.isnan(cell.value):
        panel.plot(place, max(cell.value, _SMALLEST), "o", ms=9, mfc="none", mec=style.COLORBLIND[3], mew=1.1)


def _curves(cells: pd.DataFrame, width: float) -> Figure:
    tasks = list(dict.fromkeys(cells.task))
    figure, panels = layout.panels(len(tasks), 1.7, width, min(len(tasks), 4), sharey=True)
    arms = list(dict.fromkeys(cells.method))
    for panel, task in zip(panels, tasks, strict=True):
        own = cells[cells.task == task]
        lags = sorted(own.lag.unique())
        for number, arm in enumerate(arms):
            _arm(panel, own[own.method == arm], lags, arm, number, len(arms))
        panel.set_xticks(range(len(lags)), map(str, lags))
        panel.set(title=style.task_title(task), xlabel="lag T in steps", ylim=(-4, 104), xlim=(-0.5, len(lags) - 0.5))
    panels[0].set_ylabel("% of runs solved")
    layout.keys_to(figure, panels[0].get_lines()[: len(arms)], "outside upper left")
    return figure


def _arm(panel: Any, rows: pd.DataFrame, lags: list[int], arm: str, number: int, arms: int) -> None:
    """One method's line in one panel: `number` of so many `arms`."""
    run = rows[rows.n > 0].sort_values("lag")
    x = np.array([lags.index(lag) for lag in run.lag], float) + style.dodge(arms, 0.3)[number]
    rate = 100 * run.solved.to_numpy(float) / run.n.to_numpy(float)
    colour = style.COLORBLIND[_COLOURS[number % len(_COLOURS)]]
    marker, label = _MARKERS[number % len(_MARKERS)], style.method_title(arm)
    panel.plot(x, rate, marker=marker, ms=4, color=colour, label=label)
    for at, low, high in zip(x, run.low, run.high, strict=True):
        panel.plot([at, at], [low, high], color=colour, lw=0.8)
    told = rows[(rows.metric == "success_percent") & rows.value.notna()]
    panel.plot([lags.index(lag) for lag in told.lag], told.value, "o", ms=8, mfc="none", mec=colour, mew=1.0)
