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
    equal = {name: [one[name] for one in series["at_equal_passes"]] for name in ("momentum", "descent")}
    bars = (
        ("one\ngradient\nstep", series["fell_descent"], base.BLUE),
        ("one\nHF step", series["fell_second"], base.VERMILLION),
        ("mo-\nmentum", equal["momentum"], base.GREEN),
        ("gradient\ndescent", equal["descent"], base.BLUE),
    )
    fell = base.array([values for _, values, _ in bars])  # [4, seed]
    axes.plot(range(2), fell[:2], color=style.QUIET, lw=0.7, alpha=0.5)
    for place, (_, values, colour) in enumerate(bars):
        axes.plot(np.full(len(values), place), values, "o", ms=4, color=colour, mec="white", mew=0.5)
        axes.hlines(np.median(values), place - 0.3, place + 0.3, color=colour, lw=2.4)
    axes.axhline(0, color=style.QUIET, lw=0.6, ls=(0, (1, 2)))
    axes.axvline(1.5, color=style.FAINT, lw=0.8)
    axes.text(2.5, 1.0, "same passes", transform=axes.get_xaxis_transform(), ha="center", va="top", color=style.QUIET)
    axes.set_xticks(range(4), [words for words, _, _ in bars], fontsize=7, rotation=0)
    axes.set_ylim(top=axes.get_ylim()[0] + 1.12 * np.diff(axes.get_ylim())[0])  # room for the words
    axes.set(xlim=(-0.5, 3.5), ylabel="fall of the loss in nats", title="what it brings")


draw = base.drawing(_gradient, _steps, _fall, height=2.5, width_ratios=[1, 1, 1.3])
slide = draw  # one row, as wide as a slide
caption = base.caption("hf_directions")
