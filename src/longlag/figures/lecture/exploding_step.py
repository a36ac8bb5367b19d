"""Claim 5: one net around its exploding step, and what the step loses at smaller and larger rates, clipped and not."""

from __future__ import annotations

from typing import Any

import numpy as np

from longlag.figures.lecture import base
from longlag.figures.tools import style

_COLOUR = {"plain": base.VERMILLION, "clipped": base.GREEN}
_LABEL = {"plain": "no clipping", "clipped": "clipped"}
_LEAST, _MOST = -0.75, 1.5  # share of the knowledge lost; beyond it points lie on the edge


def _course(axes: Any, series: base.Series) -> None:
    """The net whose loss in the step is the middle one; the step leads from the dot at update 0 to update 1."""
    unit = series["tanh"]
    axes.set(title="One net (tanh) …", xlabel="updates after the step", ylabel="sequences wrong", xlim=(-41, 61))
    axes.set(ylim=(0, 1.22))
    axes.set_yticks([0, 0.25, 0.5, series["chance"], 1], ["0 %", "25 %", "50 %", "knows\nnothing", "100 %"])
    axes.axhline(series["chance"], color=style.QUIET, lw=0.9, ls="--", zorder=1)
    if not unit.get("errors"):
        _none(axes)
        return
    lost = _lost(unit, series["chance"])["plain"][:, unit["rates"].index(unit["trained_at"])]
    errors = unit["errors"][int(np.argsort(lost)[(len(lost) - 1) // 2])]
    before = errors["before"]
    axes.plot(range(1 - len(before), 1), before, color=style.INK, lw=1.6)
    for way, colour in _COLOUR.items():
        after = [before[-1], *errors[way]]
        axes.plot(range(len(after)), after, color=colour, lw=1)
        axes.plot((0, 1), after[:2], color=colour, lw=2.2, solid_capstyle="round", zorder=4)
    axes.plot(0, before[-1], "o", color=style.INK, ms=5, zorder=5)
    base.word(axes, -2, 1.14, _LABEL["plain"], ha="right", weight="bold")
    for way, height in (("plain", 1.14), ("clipped", 1.04)):
        base.word(axes, 2, height, _LABEL[way], _COLOUR[way], weight="bold")


def _lost(unit: base.Series, chance: float) -> dict[str, np.ndarray]:
    """The share of the knowledge that the step loses at each rate, [seed, rate], "plain" and "clipped"."""
    before = base.array([course["before"][-1] for course in unit["errors"]])[:, None]
    return {way: (base.array([f[way] for f in unit["by_rate"]]) - before) / (chance - before) for way in _COLOUR}


def _by_rate(axes: Any, series: base.Series, name: str) -> None:
    """Lines: medians; points: every net at the rate that trained it, which the verdict is on."""
    unit, places = series[name], np.arange(len(series[name]["rates"]))
    at = unit["rates"].index(unit["trained_at"])
    axes.axvspan(at - 0.3, at + 0.3, color=style.FAINT, alpha=0.6, lw=0, zorder=0)
    axes.axhline(0.5, color=style.QUIET, lw=0.9, ls="--", zorder=1)
    axes.set(title=f"… all {name} nets", xlabel="learning rate of the step", ylim=(_LEAST - 0.3, _MOST + 0.05))
    axes.set_yticks([-0.5, 0, 0.5, 1], ["gains half", "nothing", "half", "all"])
    axes.set_ylabel("knowledge lost in the step")
    axes.set_xticks(places, [f"{rate:.2g}" for rate in unit["rates"]], fontsize=7)
    if not unit.get("errors"):
        _none(axes)
        return
    for sign, (way, lost) in zip((-1, 1), _lost(unit, series["chance"]).items(), strict=True):
        shown = np.clip(lost, _LEAST, _MOST)
        axes.plot(places, np.median(shown, axis=0), color=_COLOUR[way], lw=2.2, label=_LABEL[way])
        x = at + sign * 0.12 + 0.09 * np.linspace(-1, 1, len(shown))
        axes.plot(x, shown[:, at], "o", color=_COLOUR[way], ms=3.2, mec="white", mew=0.3, zorder=4)
    base.word(axes, at, _LEAST - 0.27, "trained with", style.QUIET, ha="center")


def _none(axes: Any) -> None:
    base.word(axes, 0.5, 0.5, "no net learned enough", style.QUIET, xycoords="axes fraction", ha="center")


def _logistic(axes: Any, series: base.Series) -> None:
    _by_rate(axes, series, "logistic")


def _tanh(axes: Any, series: base.Series) -> None:
    _by_rate(axes, series, "tanh")


draw = base.drawing(_course, _logistic, _tanh, height=2.5, width_ratios=[1.25, 1, 1])
slide = draw  # one row, as wide as a slide
caption = base.caption("exploding_step")
