"""Claim 11 as a picture: the four corners of initialisation x momentum, task by task, and what both save."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from longlag.figures.lecture import base
from longlag.figures.tools import style

_CORNERS = {"neither": "neither", "init": "ESN\ninit", "momentum": "mo-\nmentum", "both": "both"}


@style.applied()
def draw(finding: base.Series, width: float = style.PAGE_WIDTH) -> Figure:
    """A panel per task and one of the live version."""
    series = finding["series"]
    tasks = {**series["tasks"], "run now": series["live"]}
    figure, rows = base.panels(len(tasks), height=2.4, width=width, sharey=True)
    panels = rows.flatten()
    for axes, (task, corners) in zip(panels, tasks.items(), strict=True):
        _panel(axes, corners, series["rates"].get(task, {}))
        axes.set_title(style.escape_mathtext(task))
    if not series["tasks"]:
        panels[0].set_xlabel("no records: the tasks of the claim are not run", color=style.QUIET)
    panels[0].set_ylabel("share of the budget spent\nuntil solved")
    return figure


def _panel(axes: Any, corners: base.Series, rates: base.Series) -> None:
    colours = {"neither": style.QUIET, "init": base.BLUE, "momentum": base.GREEN, "both": base.ORANGE}
    for place, name in enumerate(_CORNERS):
        values = base.array(corners[name])
        solved = values < 1
        x = place + np.linspace(-0.18, 0.18, len(values)) * (len(values) > 1)
        axes.bar(place, values.mean(), width=0.66, color=colours[name], alpha=0.3, lw=0)
        axes.plot(x[solved], values[solved], "o", ms=4, color=colours[name], mew=0)
        axes.plot(x[~solved], values[~solved], "X", ms=5, color=colours[name], mec="white", mew=0.4)
        if rates.get(name):
            base.word(axes, place, 0.02, f"{rates[name]:g}", style.QUIET, ha="center", fontsize=6.5)
    axes.set_xticks(range(len(_CORNERS)), list(_CORNERS.values()))
    axes.tick_params(axis="x", length=0)
    axes.set_ylim(0, 1.08)
    axes.set_yticks([0, 0.5, 1], ["0", "50 %", "100 %"])


caption = base.caption("init_and_momentum")
