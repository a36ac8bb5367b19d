"""Claim 5: the error around the exploding step, with and without clipping, and the gradient's norm."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from longlag.figures.lecture import base
from longlag.figures.tools import style

_COLOUR = {"plain": base.VERMILLION, "clipped": base.GREEN}
_LABEL = {"plain": "no clipping", "clipped": "clipped"}


@style.applied()
def draw(finding: base.Series, width: float = style.PAGE_WIDTH) -> Figure:
    """Errors above, gradient norms below; a column per kind of unit, a thin line per seed."""
    series = finding["series"]
    figure, axes = base.panels(2, rows=2, height=1.9, width=width, sharey="row", height_ratios=[1.5, 1])
    errors, norms = axes.reshape(2, 2)
    for i, unit in enumerate(("logistic", "tanh")):
        _courses(errors[i], series[unit], "errors")
        errors[i].axhline(series["chance"], color=style.QUIET, lw=0.9, ls="--", zorder=1)
        errors[i].set_title(f"{unit} units")
        errors[i].set(ylim=(-0.02, 1.0))
        _courses(norms[i], series[unit], "norms")
        norms[i].set(yscale="log", xlabel="updates after the exploding step")
        if not series[unit]:
            base.word(errors[i], 0.5, 0.5, "no net learned enough", style.QUIET, xycoords="axes fraction", ha="center")
    errors[0].yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    errors[0].set_ylabel("sequences wrong")
    norms[0].set_ylabel("gradient norm")
    base.word(errors[0], -39, series["chance"] + 0.02, "constant answer", style.QUIET)
    for way, height in (("plain", 0.9), ("clipped", 0.36)):
        base.word(errors[-1], 12, height, _LABEL[way], _COLOUR[way], fontsize=9, weight="bold")
    return figure


def _courses(axes: Any, unit: base.Series, key: str) -> None:
    """Lines of all seeds that have learned; the exploding step leads from update 0 to update 1."""
    axes.axvspan(0, 1, color=style.FAINT, lw=0, alpha=0.8)
    for course in unit.get(key, []):
        before = course["before"]
        last = 0 if key == "errors" else -1  # the norm at the step itself heads both ways
        axes.plot(range(last + 1 - len(before), last + 1), before, color=style.INK, lw=0.7, alpha=0.6)
        for way, colour in _COLOUR.items():
            after = [before[-1], *course[way]]
            axes.plot(range(last, last + len(after)), after, color=colour, lw=0.9, alpha=0.8)
    axes.set_xlim(-40, 60)


caption = base.caption("exploding_step")
