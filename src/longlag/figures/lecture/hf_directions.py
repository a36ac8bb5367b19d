"""Claim 9 as a picture: gradient against curvature along the Lanczos directions, the two steps along them, the gain."""

from __future__ import annotations

from typing import Any

import numpy as np

from longlag.figures.lecture import base
from longlag.figures.tools import style


def _gradient(axes: Any, series: base.Series) -> None:
    for curvature, gradient in zip(series["curvature"], series["gradient"], strict=True):
        axes.plot(curvature, gradient, "o", ms=3, color=style.INK, mew=0, alpha=0.7)
    ends = np.array([np.min(series["curvature"]), np.max(series["curvature"])])
    axes.plot(ends, ends * np.max(series["gradient"]) / ends[1], color=style.QUIET, lw=0.8, ls="--")
    text = "if gradients fell\nas curvature does"
    base.word(axes, 0.97, 0.2, text, style.QUIET, xycoords="axes fraction", ha="right")
    axes.set(xscale="log", yscale="log", xlabel="curvature θ", ylabel="gradient γ", title="what there is")
    axes.invert_xaxis()


def _steps(axes: Any, series: base.Series) -> None:
    curvature = base.array(series["curvature"]).ravel()
    flatness = np.argsort(curvature)[::-1]
    for name, colour, words in (("second_order", base.VERMILLION, "HF"), ("descent", base.BLUE, "gradient")):
        moved = base.array(series[name]).ravel()
        axes.plot(curvature, moved, "o", ms=3, color=colour, mew=0, alpha=0.35)
        pieces = np.array_split(flatness, min(8, len(flatness)))
        middle = [(np.median(curvature[piece]), np.median(moved[piece])) for piece in pieces]
        axes.plot(*np.transpose(middle), color=colour, lw=2, label=words)
    axes.set(xscale="log", yscale="log", xlabel="curvature θ", ylabel="step along the direction", title="what is done")
    axes.invert_xaxis()
    axes.legend(borderaxespad=0, loc="lower left")


def _fall(axes: Any, series: base.Series) -> None:
    names, words = ("fell_second", "fell_descent"), ("HF", "best step along\nthe gradient")
    fell = np.array([base.array(series[name]) for name in names])  # [2, seed]
    axes.plot([0, 1], fell, color=style.QUIET, lw=0.7, alpha=0.7)
    for place, colour in enumerate((base.VERMILLION, base.BLUE)):
        axes.plot(np.full(fell.shape[1], place), fell[place], "o", ms=5, color=colour, mec="white", mew=0.5)
        axes.hlines(np.median(fell[place]), place - 0.22, place + 0.22, color=colour, lw=2.4)
    axes.axhline(0, color=style.QUIET, lw=0.6, ls=(0, (1, 2)))
    axes.set_xticks([0, 1], words)
    axes.set(xlim=(-0.5, 1.5), ylabel="fall of the loss in nats", title="what one step brings")


draw = base.drawing(_gradient, _steps, _fall, height=2.5)
caption = base.caption("hf_directions")
