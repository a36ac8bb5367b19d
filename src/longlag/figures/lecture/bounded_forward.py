"""Claim 1: the largest activity against the weight scale, and how near it comes to the end of its range."""

from __future__ import annotations

from typing import Any

import numpy as np

from longlag.figures.lecture import base
from longlag.figures.tools import style

_HALF_GAP = float(np.finfo(np.float64).epsneg) / 2  # what is nearer to 1 than this prints as 1


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
    axes.set_yticks(range(-100, 301, 100), base.powers(range(-100, 301, 100)))
    axes.set_title("Activity stays bounded")


def _margin(axes: Any, series: base.Series) -> None:
    scales = base.array(series["scales"])
    for unit, x, y in (("tanh", 0.55, -9), ("logistic", 2.4, -4.5)):
        margin = np.log10(np.maximum(base.array(series[unit]["margin"]), 1e-320))
        base.ranged(axes, scales, margin, base.UNIT[unit], lw=1.6)
        base.word(axes, x, y, unit, base.UNIT[unit])
    axes.axhspan(-40, np.log10(_HALF_GAP), color=style.FAINT, alpha=0.5, lw=0)
    base.word(axes, 1.15 * scales[0], -17.5, "rounds to the end itself", style.QUIET, va="top")
    axes.set(xscale="log", xlim=(scales[0], 100), ylim=(-36, 1))
    axes.set(xlabel="weight scale", ylabel="margin to the end, $e^{-|a|}$")
    axes.set_yticks(range(-30, 1, 10), base.powers(range(-30, 1, 10)))
    axes.set_title("… but comes too near for float64")


draw = base.drawing(_activity, _margin, height=2.3)
caption = base.caption("bounded_forward")
