"""Claim 11 as a picture: the four corners of initialisation x momentum, task by task, and what the paper found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import seaborn as sns
from matplotlib.figure import Figure

from longlag.figures.lecture import base
from longlag.figures.tools import style

_CORNERS = {"neither": "neither", "init": "ESN\ninit", "momentum": "mo-\nmentum", "both": "both"}
_SHORT = {"addition, T = 80": "addition", "multiplication, T = 80": "multiplication"}
_SHORT |= {"5-bit memorization, T = 200": "5-bit mem.", "20-bit memorization, T = 80": "20-bit mem."}


@style.applied()
def draw(finding: base.Series, width: float = style.PAGE_WIDTH) -> Figure:
    """A panel per task, one of the live version and one of the paper."""
    series = finding["series"]
    tasks = {**series["tasks"], f"run now: {series['live_name']}": series["live"]}
    figure, grid = base.panels(2, rows=-(-(len(tasks) + 1) // 2), height=2.3, width=width)
    panels = list(grid.flatten())
    _tasks(panels, series, tasks)
    for empty in panels[len(tasks) : -1]:
        empty.axis("off")
    _paper(panels[-1], series["published"])
    return figure


@style.applied()
def slide(finding: base.Series, width: float = style.PAGE_WIDTH) -> Figure:
    """The tasks on record and the paper, in one row."""
    series = finding["series"]
    tasks = series["tasks"] or {f"run now: {series['live_name']}": series["live"]}
    figure, grid = base.panels(len(tasks) + 1, height=2.5, width=width)
    _tasks(list(grid.flat), series, tasks)
    _paper(grid.flat[-1], series["published"])
    return figure


def _tasks(panels: list[Any], series: base.Series, tasks: Mapping[str, base.Series]) -> None:
    for axes, (task, corners) in zip(panels, tasks.items(), strict=False):
        _panel(axes, corners, series["rates"].get(task, {}), series["schedules"].get(task, {}))
        axes.set_title(style.escape_mathtext(task))
    if not series["tasks"]:
        panels[0].set_xlabel("no records: the tasks of the claim are not run", color=style.QUIET)


def _panel(axes: Any, corners: base.Series, rates: base.Series, schedules: base.Series) -> None:
    colours = {"neither": style.QUIET, "init": base.BLUE, "momentum": base.GREEN, "both": base.ORANGE}
    for place, name in enumerate(_CORNERS):
        values = base.array(corners[name])
        solved = values < 1
        x = place + np.linspace(-0.18, 0.18, len(values)) * (len(values) > 1)
        axes.bar(place, values.mean(), width=0.66, color=colours[name], alpha=0.3, lw=0)
        axes.plot(x[solved], values[solved], "o", ms=4, color=colours[name], mew=0)
        axes.plot(x[~solved], values[~solved], "X", ms=5, color=colours[name], mec="white", mew=0.4)
    axes.set_xticks(range(len(_CORNERS)), [_words(name, rates, schedules) for name in _CORNERS], fontsize=7)
    axes.tick_params(axis="x", length=0)
    axes.set(ylim=(0, 1.08), ylabel="budget spent until solved")
    axes.set_yticks([0, 0.5, 1], ["0", "50 %", "100 %"])


def _words(name: str, rates: base.Series, schedules: base.Series) -> str:
    """A corner with its learning rate and its momentum."""
    label = _CORNERS[name] if "\n" in _CORNERS[name] else f"{_CORNERS[name]}\n"
    if name not in rates:
        return label
    momentum = schedules[name].replace("none", "0").replace(", then ", "–")
    return f"{label}\nη {rates[name]:g}\nμ {momentum}"


def _paper(axes: Any, published: Mapping[str, Mapping[str, float]]) -> None:
    """Table 5 of the paper: the error of an ESN-style start by its momentum, over that without momentum."""
    shades = sns.color_palette("flare", len(published))
    for (task, errors), shade in zip(published.items(), shades, strict=True):
        shares = base.array(list(errors.values())) / errors["0"]
        axes.plot(range(len(shares)), shares, color=shade, lw=1.4, marker="o", ms=3.5, label=_SHORT.get(task, task))
    axes.set_xticks(range(len(errors)), list(errors), fontsize=7)
    axes.set(yscale="log", ylabel="error over that at μ = 0", xlabel="momentum, ESN-style start")
    axes.set_title("paper: not run here")
    axes.legend(fontsize=7, loc="lower left", borderaxespad=0.1, handlelength=1)


caption = base.caption("init_and_momentum")
