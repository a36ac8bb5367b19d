"""Claim 10 as a picture: echoes, oscillators, memory, and a figure eight drawn by a net on its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import seaborn as sns

from longlag.figures.lecture import base
from longlag.figures.tools import style

_SCALES = {"input": "constant input", "feedback": "feedback", "recurrent": "recurrent"}


def _echoes(axes: Any, series: base.Series) -> None:
    radii = series["radii"]
    shades = sns.color_palette("flare", len(radii))
    seen = min(len(series["echoes"][0][0]), 150)
    unlabelled = radii[1]  # no room between its neighbours
    for i, (radius, shade) in enumerate(zip(radii, shades, strict=True)):
        middle = np.median(base.array(series["echoes"])[:, i, :seen], 0)
        axes.plot(np.arange(seen), middle, color=shade, lw=1.3)
        at = np.flatnonzero(middle > (-3.55 if i else -3.85))[-1]
        label = "" if radius == unlabelled else f"{radius:g}"
        base.word(axes, at, middle[at], label, shade, xytext=(4 if i else -14, 0), textcoords="offset points")
    axes.axhline(-3, color=style.QUIET, lw=0.8, ls="--")
    axes.set(ylim=(-4, 2.5), xlim=(-0.12 * seen, seen * 1.08), xlabel="steps after the impulse", ylabel="echo")
    axes.set(title="echo, by spectral radius", yticks=[-3, 0, 2], yticklabels=["1/1000", "1", "100"])


def _circle(axes: Any, series: base.Series) -> None:
    x, y = base.circle(axes)
    axes.fill(x, y, color=base.GREEN, alpha=0.12, lw=0)
    axes.fill(series["rings"] * x, series["rings"] * y, color="white", lw=0)
    real, imaginary = (base.array(series["eigenvalues"][part]) for part in ("real", "imaginary"))
    ringing = np.hypot(real, imaginary) >= series["rings"]
    axes.plot(real[~ringing], imaginary[~ringing], "o", color=style.QUIET, ms=3, alpha=0.6, mew=0)
    axes.plot(real[ringing], imaginary[ringing], "o", color=base.GREEN, ms=5, mew=0)
    base.word(axes, 1.15, 0.85, "green: rings\nfor 10 steps\nand more", base.GREEN, va="top")
    axes.set(title="the oscillators: eigenvalues of W", xlim=(-1.1, 2.1))


def _memory(axes: Any, series: base.Series) -> None:
    sizes = series["sizes"]
    base.ranged(axes, sizes, series["capacity_by_size"], base.ORANGE, marker="o", ms=4)
    axes.plot(sizes, sizes, color=style.QUIET, lw=0.8, ls="--")
    base.word(axes, sizes[-1], sizes[-1] * 1.25, "the bound: N", style.QUIET, ha="right")
    axes.set(xscale="log", yscale="log", ylim=(10, 700), title="what echoes remember")
    axes.set(xlabel="number of units N", ylabel="memory capacity in steps")
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.set_yticks([10, 20, 50, 100, 200], ["10", "20", "50", "100", "200"])
    axes.minorticks_off()
    inset = axes.inset_axes((0.1, 0.66, 0.33, 0.22))
    radii = series["radii"][: len(series["capacity_by_radius"][0])]
    base.ranged(inset, radii, series["capacity_by_radius"], base.ORANGE)
    inset.set_ylim(0, None)
    inset.tick_params(labelsize=6)
    inset.set_title(f"by radius (N = {series['capacity_units']})", fontsize=6.5, loc="left", fontweight="normal")


def _eight(axes: Any, series: base.Series) -> None:
    _figure_eight(axes, series, (0.62, 0.0), va="center")
    axes.set(xlim=(-0.6, 1.25), ylim=(-0.6, 0.6))


def _eight_above(axes: Any, series: base.Series) -> None:
    """The same where there is no room beside it."""
    _figure_eight(axes, series, (-0.6, -0.65), va="top")
    axes.set(xlim=(-0.6, 2.1), ylim=(-2.3, 0.6))


def _figure_eight(axes: Any, series: base.Series, place: tuple[float, float], va: str) -> None:
    """The eight, and words at that place."""
    drawn, wanted = base.array(series["drawn"]), base.array(series["wanted"])
    axes.plot(*drawn.T, color=base.VERMILLION, lw=2.4)
    axes.plot(*wanted.T, color=style.INK, lw=0.8, ls=(0, (2, 2)))
    middle = {name: float(np.median(base.array(errors))) for name, errors in series["careless"].items()}
    careless = [f"{_SCALES[of]} {error:{'.0f' if error >= 10 else '.1f'}}" for of, error in middle.items()]
    what = ("orange: drawn by the net", "dashed: the target", f"error {series['error']:.0e}", "")
    text = "\n".join((*what, "error with one scale", "ten times too large:", *careless))
    base.word(axes, *place, text, va=va)
    axes.set(aspect="equal", title="on its own, 25 periods")
    axes.axis("off")


draw = base.drawing(_echoes, _circle, _memory, _eight, height=2.35, columns=2)
slide = base.drawing(_echoes, _memory, _eight_above, height=2.4)
caption = base.caption("echo")
