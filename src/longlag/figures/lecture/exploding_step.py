"""Claim 5: the error around the exploding step, with and without clipping, and what the step loses at other rates."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from longlag.figures.lecture import base
from longlag.figures.tools import style

_COLOUR = {"plain": base.VERMILLION, "clipped": base.GREEN}
_LABEL = {"plain": "no clipping", "clipped": "clipped"}


@style.applied()
def draw(finding: base.Series, width: float = style.PAGE_WIDTH) -> Figure:
    """Errors above, losses of knowledge by the rate below; a column per kind of unit."""
    series = finding["series"]
    figure, axes = base.panels(2, rows=2, height=1.9, width=width, sharey="row", height_ratios=[1.3, 1])
    errors, losses = axes.reshape(2, 2)
    for i, unit in enumerate(("logistic", "tanh")):
        _courses(errors[i], series[unit])
        errors[i].axhline(series["chance"], color=style.QUIET, lw=0.9, ls="--", zorder=1)
        errors[i].set_title(f"{unit} units")
        errors[i].set(ylim=(-0.02, 1.0), xlabel="updates after the exploding step")
        _by_rate(losses[i], series[unit], series["chance"])
        if not series[unit].get("errors"):
            base.word(errors[i], 0.5, 0.5, "no net learned enough", style.QUIET, xycoords="axes fraction", ha="center")
    errors[0].yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    errors[0].set_ylabel("sequences wrong")
    losses[0].yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    losses[0].set_ylabel("knowledge lost")
    base.word(errors[0], -39, series["chance"] + 0.02, "constant answer", style.QUIET)
    for way, height in (("plain", 0.9), ("clipped", 0.36)):
        base.word(errors[-1], 12, height, _LABEL[way], _COLOUR[way], fontsize=9, weight="bold")
    return figure


def _by_rate(axes: Any, unit: base.Series, chance: float) -> None:
    """The share of the knowledge that the step loses at each rate; grey: the rate that trained the net."""
    rates = base.array(unit["rates"])
    before = base.array([course["before"][-1] for course in unit.get("errors", [])])[:, None]  # [seed, 1]
    for way, colour in _COLOUR.items():
        after = base.array([found[way] for found in unit.get("by_rate", [])])
        if len(before):
            base.ranged(axes, rates, np.clip((after - before) / (chance - before), -1, 1.5), colour, lw=1.6)
    axes.axhline(0.5, color=style.QUIET, lw=0.9, ls="--", zorder=1)
    axes.axvline(unit["trained_at"], color=style.FAINT, lw=4, zorder=0)
    axes.set(xscale="log", ylim=(-1, 1.5), xlabel="learning rate of the step")
    axes.set_xticks(rates, [f"{rate:g}" for rate in rates])
    axes.minorticks_off()


def _courses(axes: Any, unit: base.Series) -> None:
    """Lines of all seeds that have learned; the exploding step leads from update 0 to update 1."""
    axes.axvspan(0, 1, color=style.FAINT, lw=0, alpha=0.8)
    for course in unit.get("errors", []):
        before = course["before"]
        axes.plot(range(1 - len(before), 1), before, color=style.INK, lw=0.7, alpha=0.6)
        for way, colour in _COLOUR.items():
            after = [before[-1], *course[way]]
            axes.plot(range(len(after)), after, color=colour, lw=0.9, alpha=0.8)
    axes.set_xlim(-40, 60)


caption = base.caption("exploding_step")
