"""Claim 1: the largest activity against the weight scale, how near it comes to its range's end, and the slopes."""

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
    base.word(axes, 0.1, -12, "tanh and logistic units:\nat most 1", base.UNIT["logistic"], va="top")
    axes.axhline(308, color=style.FAINT, lw=0.8)
    base.word(axes, scales[0], 300, "largest float64", style.QUIET, va="top")
    axes.set(xscale="log", ylim=(-105, 330), xlabel="weight scale", ylabel="largest activity at step 100")
    axes.set_yticks(range(-100, 301, 100), base.powers(range(-100, 301, 100)))
    axes.set_title("Activity stays bounded")


def _margin(axes: Any, series: base.Series) -> None:
    scales = base.array(series["scales"])
    for unit, x, y in (("tanh", 0.13, -8), ("logistic", 1.5, -3.2)):
        base.ranged(axes, scales, np.maximum(base.array(series[unit]["log10_margin"]), -400), base.UNIT[unit], lw=1.6)
        base.word(axes, x, y, unit, base.UNIT[unit])
    axes.axhspan(-40, np.log10(_HALF_GAP), color=style.FAINT, alpha=0.5, lw=0)
    base.word(axes, 11.5, -17.5, "rounds\nto the\nend itself", style.QUIET, va="top")
    axes.set(xscale="log", xlim=(scales[0], 100), ylim=(-36, 1))
    axes.set(xlabel="weight scale", ylabel="distance to the end / half the range")
    axes.set_yticks(range(-30, 1, 10), base.powers(range(-30, 1, 10)))
    axes.set_title("… comes near its ends …")


def _slope(axes: Any, series: base.Series) -> None:
    scales = base.array(series["scales"])
    for unit in ("tanh", "logistic"):
        base.ranged(axes, scales, series[unit]["slope"], base.UNIT[unit], lw=1.6)
        theory = np.median(base.array(series[unit]["slope_by_theory"]), axis=0)
        wide = theory < 0.5  # where a spreads over more than the bend of the unit
        axes.plot(scales[wide], theory[wide], color=style.INK, lw=0.9, ls=(0, (1, 1.5)))
    base.word(axes, 0.13, 0.05, "tanh", base.UNIT["tanh"])
    base.word(axes, 12, 0.4, "logistic", base.UNIT["logistic"])
    base.word(axes, 0.13, 1.6e-4, "dotted: 1 / scale,\nby theory", style.QUIET)
    axes.set(xscale="log", yscale="log", xlabel="weight scale", ylabel="mean slope / steepest slope")
    axes.set_title("… and pays in slopes")


draw = base.drawing(_activity, _margin, _slope, height=2.3)
slide = draw  # one row, as wide as a slide
caption = base.caption("bounded_forward")
