"""Claim 5: one net around its exploding step, and what all nets get right before and after it, clipped and not."""

from __future__ import annotations

from typing import Any

import numpy as np

from longlag.figures.lecture import base
from longlag.figures.tools import style

_COLOUR = {"plain": base.VERMILLION, "clipped": base.GREEN}
_TITLE = {"plain": "All nets, no clipping", "clipped": "All nets, clipped"}
_BEFORE, _AFTER = 10, 10  # updates shown around the step
_UNITS = ("logistic", "tanh")


def _scale(axes: Any, series: base.Series) -> None:
    """The axis of all panels: the share of sequences right, with that of a constant answer as a line."""
    constant = 1 - series["chance"]
    axes.axhline(constant, color=style.QUIET, lw=0.9, ls="--", zorder=1)
    axes.set(ylim=(-0.02, 1.14), yticks=[0, constant, 0.5, 1])
    axes.set_yticklabels(["0 %", "constant\nanswer", "50 %", "100 %"])


def _course(axes: Any, series: base.Series) -> None:
    """The net that loses a middle amount in the step, which leads from the dot to the first update after it."""
    _scale(axes, series)
    unit = series["tanh"]
    axes.set(title="One net", xlabel="updates after its exploding step", xlim=(-_BEFORE, _AFTER))
    axes.set_ylabel("sequences right")
    if not unit.get("errors"):
        base.word(axes, 0.5, 0.5, "no net learned enough", style.QUIET, xycoords="axes fraction", ha="center")
        return
    lost = [course["plain"][0] - course["before"][-1] for course in unit["errors"]]
    shown = unit["errors"][int(np.argsort(lost)[(len(lost) - 1) // 2])]
    right = {way: 1 - base.array(errors) for way, errors in shown.items()}
    before = right["before"][-1 - _BEFORE :]
    axes.plot(range(1 - len(before), 1), before, color=style.INK, lw=1.4)
    for way, colour in _COLOUR.items():
        after = [before[-1], *right[way][:_AFTER]]
        axes.plot(range(len(after)), after, color=colour, lw=1.1)
        axes.plot((0, 1), after[:2], color=colour, lw=2.8, solid_capstyle="round", zorder=4)
    axes.plot(0, before[-1], "o", color=style.INK, ms=5, zorder=5)
    base.word(axes, _AFTER, 1.06, "clipped", _COLOUR["clipped"], ha="right", weight="bold")
    base.word(axes, _AFTER, 0.03, "no clipping", _COLOUR["plain"], ha="right", weight="bold")


def _slopes(axes: Any, series: base.Series, way: str) -> None:
    """Every net: from what it gets right before the step to what it gets right after it; thick: the median net."""
    _scale(axes, series)
    colour, ticks = _COLOUR[way], list[int]()
    for place, name in enumerate(_UNITS):
        x = (2 * place, 2 * place + 1)
        ticks += x
        base.word(axes, sum(x) / 2, 1.06, f"{name} units", style.QUIET, ha="center")
        pairs = [(course["before"][-1], course[way][0]) for course in series[name].get("errors") or ()]
        if pairs:
            right = 1 - base.array(pairs)
            axes.plot(x, right.T, color=colour, lw=0.7, alpha=0.45, zorder=2)
            axes.plot(x, np.median(right, axis=0), "o-", color=colour, lw=2.8, ms=6, zorder=3)
    axes.set(xlim=(-0.4, 3.4))
    axes.set_title(_TITLE[way], color=colour)
    axes.set_xticks(ticks, ["before", "after"] * len(_UNITS))
    axes.set_xlabel("the exploding step")


def _plain(axes: Any, series: base.Series) -> None:
    _slopes(axes, series, "plain")


def _clipped(axes: Any, series: base.Series) -> None:
    _slopes(axes, series, "clipped")


draw = base.drawing(_course, _plain, _clipped, height=2.5, sharey=True)
slide = draw  # one row, as wide as a slide
caption = base.caption("exploding_step")
