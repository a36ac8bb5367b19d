"""Claim 8 as a picture: how much of the last step's error arrives, step by step back, before, during and after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from longlag import protocol
from longlag.figures.lecture import base
from longlag.figures.tools import style

_STAGES = ((0.35, 1.0, "before"), (0.65, 1.4, "during"), (1.0, 2.0, "after learning"))  # opacity, line width
_TITLES = {"plain net, ESN-style start": "plain, ESN-style start"}
_SHORT = {
    "LSTM, forget bias 1": "LSTM, bias 1",
    "LSTM, chrono start": "LSTM, chrono",
    "plain net, ESN-style start": "plain, ESN start",
}
_LOW, _HIGH = -3.0, 1.7  # decades; what falls further leaves the panel


@style.applied()
def draw(finding: base.Series, width: float = style.PAGE_WIDTH) -> Figure:
    """One panel per net: median over seeds of the share of the error, on a log scale, against steps back."""
    return _panels(finding["series"], 2, 2.0, width)


@style.applied()
def slide(finding: base.Series, width: float = style.PAGE_WIDTH) -> Figure:
    """The same in one row."""
    return _panels(finding["series"], len(finding["series"]["nets"]), 2.3, width)


def _panels(series: base.Series, columns: int, height: float, width: float) -> Figure:
    names = list(series["nets"])
    rows = -(-len(names) // columns)
    figure, grid = base.panels(columns, rows=rows, height=height, width=width, sharex=True, sharey=True)
    panels = grid.flatten()
    for axes, name in zip(panels, names, strict=True):
        lstm = np.array(series["nets"][name]["cells"]).size > 0
        _panel(axes, series, series["nets"][name], base.BLUE if lstm else base.ORANGE)
        axes.set_title(_TITLES.get(name, name) if columns < len(names) else _SHORT.get(name, name))
        if axes.get_subplotspec().is_first_col():
            axes.set_ylabel("share that arrives")
    for axes in grid[-1]:
        axes.set_xlabel("steps back from the error" if columns < len(names) else "steps back")
    handles = [Line2D([], [], color=style.INK, alpha=alpha, lw=lw, label=words) for alpha, lw, words in _STAGES]
    handles += [Line2D([], [], color=style.INK, lw=1, ls=(0, (1, 1.5)), label="all paths, after")]
    figure.legend(handles=handles, loc="outside lower center", ncol=4)
    return figure


def _panel(axes: Any, series: Mapping[str, Any], net: Mapping[str, Any], colour: Any) -> None:
    """The cells alone, or all paths of a net without cells; dotted: all paths of a net with cells."""
    all_paths, cells = (np.array(net[name], dtype=float) for name in ("all_paths", "cells"))  # [seed, stage, T]
    flow = cells if cells.size else all_paths
    back = np.arange(flow.shape[-1])[::-1]
    for stage, (alpha, lw, _) in enumerate(_STAGES):
        axes.plot(back, np.median(flow[:, stage], 0), color=colour, alpha=alpha, lw=lw)
    axes.fill_between(back, flow[:, -1].min(0), flow[:, -1].max(0), color=colour, alpha=0.12, lw=0)
    if cells.size:
        axes.plot(back, np.median(all_paths[:, -1], 0), color=style.INK, lw=1, ls=(0, (1, 1.5)))
    axes.axhline(np.log10(series["kept"]), color=style.QUIET, lw=0.8, ls="--")
    first, last = series["window"]
    axes.axvspan(series["lag"] - last, series["lag"] - first - 1, color=style.FAINT, alpha=0.6, lw=0, zorder=0)
    ticks = range(int(_LOW), int(_HIGH) + 1)
    axes.set_ylim(_LOW, _HIGH)
    axes.set_yticks(ticks, base.powers(ticks))
    judged = series["lag"] - last  # steps back to the end of the first symbol's window
    arrived = flow[:, -1, flow.shape[-1] - 1 - judged]
    arrived = arrived[np.array([run[-1] <= protocol.CRITERION for run in net["wrong"]])]
    axes.plot(np.full(len(arrived), judged), np.maximum(arrived, _LOW), "o", color=colour, ms=3, mew=0, alpha=0.6)
    if axes.get_subplotspec().is_first_col():
        right = {"color": style.QUIET, "fontsize": 7, "va": "top", "ha": "right"}
        axes.text(back[0] + 1.3, np.log10(series["kept"]) - 0.08, "threshold", **right)
        middle = series["lag"] - (first + last + 1) / 2
        axes.text(middle, _HIGH - 0.05, "first\nsymbol", color=style.QUIET, fontsize=7, ha="center", va="top")
    above = int((arrived >= np.log10(series["kept"])).sum())
    words = f"{len(arrived)} of {len(net['wrong'])} learned;\nof these {above} above at {judged} steps"
    axes.text(0.04, 0.05, words, transform=axes.transAxes, color=colour, fontsize=7)


caption = base.caption("lstm_error_flow")
