"""Claim 8 as a picture: how much of the last step's error arrives, step by step back, before, during and after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

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
_LOW, _HIGH = -3.0, 1.4  # decades; what falls further leaves the panel
_ALL_PATHS: dict[str, Any] = {"lw": 1, "ls": (0, (1, 1.5))}
_THRESHOLD: dict[str, Any] = {"color": style.QUIET, "lw": 0.8, "ls": "--"}
_BAND: dict[str, Any] = {"color": style.FAINT, "alpha": 0.6, "lw": 0}


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
        _panel(axes, series, series["nets"][name], base.BLUE if lstm else base.ORANGE, columns < len(names))
        title, pad = (_TITLES.get(name, name), 16) if columns < len(names) else (_SHORT.get(name, name), 25)
        axes.set_title(title, pad=pad)  # the counts stand below it: curves may lie anywhere in the panel
        if axes.get_subplotspec().is_first_col():
            axes.set_ylabel("share that arrives")
    for axes in grid[-1]:
        axes.set_xlabel("steps back from the error" if columns < len(names) else "steps back")
    handles: list[Any] = [
        Line2D([], [], color=style.INK, alpha=alpha, lw=lw, label=words) for alpha, lw, words in _STAGES
    ]
    handles += [Line2D([], [], color=style.INK, label="all paths, after", **_ALL_PATHS)]
    handles += [Line2D([], [], label="threshold", **_THRESHOLD), Patch(label="first symbol", **_BAND)]
    if width <= style.COLUMN_WIDTH:  # two rows of three, which a legend fills column by column
        handles = [handles[i] for i in (0, 3, 1, 4, 2, 5)]
    columns = len(handles) if width > style.COLUMN_WIDTH else 3
    figure.legend(handles=handles, loc="outside lower center", ncol=columns, columnspacing=1)
    return figure


def _panel(axes: Any, series: Mapping[str, Any], net: Mapping[str, Any], colour: Any, wide: bool) -> None:
    """The cells alone, or all paths of a net without cells; dotted: all paths of a net with cells."""
    all_paths, cells = (np.array(net[name], dtype=float) for name in ("all_paths", "cells"))  # [seed, stage, T]
    flow = cells if cells.size else all_paths
    back = np.arange(flow.shape[-1])[::-1]
    for stage, (alpha, lw, _) in enumerate(_STAGES):
        axes.plot(back, np.median(flow[:, stage], 0), color=colour, alpha=alpha, lw=lw)
    axes.fill_between(back, flow[:, -1].min(0), flow[:, -1].max(0), color=colour, alpha=0.12, lw=0)
    if cells.size:
        axes.plot(back, np.median(all_paths[:, -1], 0), color=style.INK, **_ALL_PATHS)
    axes.axhline(np.log10(series["kept"]), **_THRESHOLD)
    first, last = series["window"]
    axes.axvspan(series["lag"] - last, series["lag"] - first - 1, zorder=0, **_BAND)
    ticks = range(int(_LOW), int(_HIGH) + 1)
    axes.set_ylim(_LOW, _HIGH)
    axes.set_yticks(ticks, base.powers(ticks))
    judged = series["lag"] - last  # steps back to the end of the first symbol's window
    arrived = flow[:, -1, flow.shape[-1] - 1 - judged]
    arrived = arrived[np.array([run[-1] <= protocol.CRITERION for run in net["wrong"]])]
    axes.plot(np.full(len(arrived), judged), np.maximum(arrived, _LOW), "o", color=colour, ms=3, mew=0, alpha=0.6)
    above = int((arrived >= np.log10(series["kept"])).sum())
    learned, where_asked = f"{len(arrived)} of {len(net['wrong'])} learned;", wide * f" at {judged} steps"
    words = (learned, f"of these {above} above{where_asked}")
    where = {"xycoords": "axes fraction", "xytext": (0, 3), "textcoords": "offset points", "annotation_clip": False}
    base.word(axes, 0, 1, (" " if wide else "\n").join(words), colour, fontsize=7, va="bottom", **where)


caption = base.caption("lstm_error_flow")
