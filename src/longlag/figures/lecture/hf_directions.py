"""Claim 9 as a picture: the gradient in flat directions, how far each method steps there, and what a step gains."""

from __future__ import annotations

from typing import Any

import numpy as np

from longlag.directions import SMALL, are_hidden
from longlag.figures.lecture import base
from longlag.figures.tools import style

_BINS = 8  # of the directions of all nets, by curvature
_STEPS = {"second_order": ("Hessian-Free", base.VERMILLION), "descent": ("gradient step", base.BLUE)}


def _flatness(series: base.Series) -> np.ndarray:
    """Curvature of the directions of all nets, of each net's largest, flattened."""
    return np.concatenate([base.array(net) / np.max(net) for net in series["curvature"]])


def _relative(series: base.Series, name: str) -> np.ndarray:
    return np.concatenate([base.array(net) / np.max(net) for net in series[name]])


def _hidden(series: base.Series) -> list[np.ndarray]:
    """Of each net, which directions have a small gradient and a curvature that is smaller still: a step along them is
    ten times that along the steepest."""
    pairs = zip(map(base.array, series["curvature"]), map(base.array, series["gradient"]), strict=True)
    return [are_hidden(curvature, gradient) for curvature, gradient in pairs]


def _binned(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Medians of x and quartiles of y by bins of equal counts, the largest x first: [4, bins]."""
    pieces = np.array_split(np.argsort(x)[::-1], min(_BINS, len(x)))
    return np.array([[np.median(x[piece]), *np.quantile(y[piece], (0.25, 0.5, 0.75))] for piece in pieces]).T


def _axis(axes: Any, title: str) -> None:
    axes.set(xscale="log", yscale="log", xlabel="curvature / largest (flat →)", title=title)
    axes.invert_xaxis()


def _gradient(axes: Any, series: base.Series) -> None:
    flatness, gradient = _flatness(series), _relative(series, "gradient")
    hidden = _hidden(series)
    both = np.concatenate(hidden)
    axes.plot(flatness[~both], gradient[~both], "o", ms=2.5, color=style.QUIET, mew=0, alpha=0.6)
    axes.plot(flatness[both], gradient[both], "o", ms=3, color=base.VERMILLION, mew=0, alpha=0.8)
    ends = np.array([1.0, flatness[flatness > 0].min()])
    axes.plot(ends, ends, color=style.INK, lw=1)
    axes.axhline(SMALL, color=base.VERMILLION, lw=1, ls="--")
    _axis(axes, "flat directions keep a gradient")
    axes.set(ylim=(1e-7, 3), ylabel="gradient / largest")
    middle = np.sqrt(ends[1])  # of the line, on logarithmic axes
    base.word(axes, middle, middle, "the curvature", style.INK, xytext=(4, 3), textcoords="offset points")
    where = {"xycoords": "axes fraction"}
    base.word(axes, 0.98, 0.985, "the gradient", style.QUIET, ha="right", va="top", **where)
    nets = f"{sum(map(np.any, hidden))} of {len(hidden)} nets"
    words = f"orange: small (below dashes),\nand HF steps ten times as far\nas along the steepest: in {nets}"
    base.word(axes, 0.02, 0.02, words, base.VERMILLION, va="bottom", fontsize=6.5, **where)


def _steps(axes: Any, series: base.Series) -> None:
    flatness = _flatness(series)
    for name, (words, colour) in _STEPS.items():
        moved = np.concatenate([base.array(net) for net in series[name]])
        x, low, middle, high = _binned(flatness, moved)
        axes.fill_between(x, low, high, color=colour, alpha=0.18, lw=0)
        axes.plot(x, middle, color=colour, lw=2)
        how = {"textcoords": "offset points", "xytext": (0, 7 if name == "second_order" else -19), "ha": "right"}
        base.word(axes, x[-1], middle[-1], words, colour, **how, fontweight="bold")
    _axis(axes, "HF steps farther there")
    axes.set_ylabel("step along the direction")


def _fall(axes: Any, series: base.Series) -> None:
    equal = {name: [one[name] for one in series["at_equal_passes"]] for name in ("momentum", "descent")}
    rows = (
        ("one gradient step", series["fell_descent"], base.BLUE),
        ("one HF step", series["fell_second"], base.VERMILLION),
        ("gradient descent", equal["descent"], base.BLUE),
        ("momentum", equal["momentum"], base.GREEN),
    )
    places = (0.0, -1.0, -2.9, -3.9)
    for place, (words, values, colour) in zip(places, rows, strict=True):
        axes.plot(values, np.full(len(values), place), "o", ms=3.5, color=colour, mew=0, alpha=0.45)
        axes.plot(np.median(values), place, "|", ms=13, mew=2.6, color=colour)
        where = {"textcoords": "offset points", "xytext": (0, 8), "ha": "right"}
        base.word(axes, 1.0, place, words, colour, xycoords=("axes fraction", "data"), **where)
    axes.axhline(-1.5, color=style.FAINT, lw=0.8)
    where = {"xycoords": ("axes fraction", "data"), "ha": "right", "va": "center"}
    base.word(axes, 1.0, -1.9, "for the passes of one HF step", style.QUIET, fontsize=7, **where)
    axes.axvline(0, color=style.QUIET, lw=0.6, ls=(0, (1, 2)))
    axes.set(ylim=(-4.4, 0.9), xlabel="fall of the loss in nats", title="gain per step, per pass")
    axes.set_yticks([])


draw = base.drawing(_gradient, _steps, _fall, height=2.5, width_ratios=[1, 1, 1.1])
slide = draw  # one row, as wide as a slide
caption = base.caption("hf_directions")
