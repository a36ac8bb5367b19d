"""Claim 1: the largest activity against the weight scale, and how near it comes to the end of its range."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from longlag.figures.lecture import base
from longlag.figures.tools import style

_HALF_GAP = float(np.finfo(np.float64).epsneg) / 2  # what is nearer to 1 than this prints as 1


@style.applied()
def draw(finding: base.Series, width: float = style.PAGE_WIDTH) -> Figure:
    """Activity on the left, the margin on the right."""
    series = finding["series"]
    figure, axes = base.panels(2, height=2.3, width=width)
    activity, margin = axes.flat
    _activity(activity, series)
    _margin(margin, series)
    return figure


def _activity(axes: Any, series: base.Series) -> None:
    scales = base.array(series["scales"])
    linear = np.nan_to_num(base.array(series["linear"]["log10_final"]), nan=400.0)  # beyond the largest float
    base.ranged(axes, scales, linear, base.UNIT["linear"], lw=1.6)
    for unit in ("tanh", "logistic"):
        base.ranged(axes, scales, series[unit]["log10_final"], base.UNIT[unit], lw=2.2)
    base.word(axes, 20, 160, "linear units", base.UNIT["linear"], ha="right")
    base.word(axes, 0.1, -12, "tanh and logistic units: at most 1", base.UNIT["logistic"], va="top")
    axes.axhline(308, color=style.FAINT, lw=0.8)
    base.word(axes, scales[0], 300, "largest number of float64", style.QUIET, va="top")
    axes.set(xscale="log", ylim=(-105, 330), xlabel="weight scale", ylabel="largest activity at step 100")
    axes.set_yticks([-100, 0, 100, 200, 300], ["$10^{-100}$", "1", "$10^{100}$", "$10^{200}$", "$10^{300}$"])
    axes.set_title("Activity stays bounded")


def _margin(axes: Any, series: base.Series) -> None:
    scales = base.array(series["scales"])
    for unit, x, y in (("tanh", 0.55, -9), ("logistic", 2.4, -4.5)):
        margin = np.log10(np.maximum(base.array(series[unit]["margin"]), 1e-320))
        base.ranged(axes, scales, margin, base.UNIT[unit], lw=1.6)
        base.word(axes, x, y, unit, base.UNIT[unit])
    axes.axhspan(-40, np.log10(_HALF_GAP), color=style.FAINT, alpha=0.5, lw=0)
    base.word(axes, 1.15 * scales[0], -17.5, "rounds to the end itself", style.QUIET, va="top")
    axes.set(
        xscale="log",
        ylim=(-36, 1),
        xlim=(scales[0], 100),
        xlabel="weight scale",
        ylabel="margin to the end, $e^{-|a|}$",
    )
    axes.set_yticks([-30, -20, -10, 0], ["$10^{-30}$", "$10^{-20}$", "$10^{-10}$", "1"])
    axes.set_title("… but comes too near for float64")


def caption(finding: base.Series) -> str:
    """What to see."""
    return (
        "Left: linear units explode as soon as the weights are big. Squashing units stay within their range at every "
        "weight scale. Right: in exact arithmetic they never reach its end, but the margin falls so fast that float64 "
        f"rounds it away (grey). Nets of 100 units, 100 steps. {base.tell(finding)}"
    )
