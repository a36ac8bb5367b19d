"""Claim 12 as a picture: how far the weights move, how that is spread, where the eigenvalues go, and what it brings."""

from __future__ import annotations

from typing import Any

import numpy as np

from longlag.figures.lecture import base
from longlag.figures.tools import style

_CHANCE = 75  # percent of the sequences wrong by guessing one of four classes
_DIGITS = 8  # percent: height of a number above its bar


def _moved(axes: Any, series: base.Series) -> None:
    for updates, moved in zip(series["evaluations"], series["moved"], strict=True):
        axes.plot(updates, base.array(moved["W_hh"]) * 100, color=base.ORANGE, lw=1.1)
        axes.plot(updates[-1], moved["W_hh"][-1] * 100, "o", color=base.ORANGE, ms=4)
    last = max(updates[-1] for updates in series["evaluations"])
    for name, words in (("unrelated", "another draw"), ("slight", "“slight”")):
        axes.axhline(series[name] * 100, color=style.QUIET, lw=0.8, ls="--")
        base.word(axes, last, series[name] * 100, words, style.QUIET, ha="right", va="bottom")
    axes.set(xlabel="updates", ylabel="‖W − W₀‖ / ‖W₀‖ in %", ylim=(0, 160), title="weights hardly move")


def _spectrum(axes: Any, series: base.Series) -> None:
    base.circle(axes)
    start, end = (
        base.array(values["real"]) + 1j * base.array(values["imaginary"])
        for values in (series["eigenvalues"]["start"], series["eigenvalues"]["end"])
    )
    for value in end:  # a line to the nearest of the start
        pair = np.array([value, start[np.argmin(abs(start - value))]])
        axes.plot(pair.real, pair.imag, color=base.ORANGE, lw=0.7, alpha=0.7)
    for name, how in (("start", {"mfc": "none", "mec": style.QUIET}), ("end", {"mfc": base.ORANGE, "mec": "none"})):
        values = series["eigenvalues"][name]
        words = {"start": "at the start", "end": "trained"}[name]
        axes.plot(values["real"], values["imaginary"], "o", ms={"start": 5, "end": 3}[name], ls="", label=words, **how)
    axes.set(xlim=(-1.35, 1.35), ylim=(-1.35, 1.35), title="eigenvalues before and after")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.22), ncol=2, handletextpad=0.1, columnspacing=0.8)


def _sizes(axes: Any, series: base.Series) -> None:
    percent = np.arange(101)
    for sizes in series["sizes"]:
        axes.plot(base.array(sizes) * 100, 100 - percent, color=base.ORANGE, lw=0.9, alpha=0.7)
    axes.set(xscale="log", yscale="symlog", xlim=(0.3, None), ylim=(0, 100), xlabel="change in % of a weight's spread")
    axes.set_yticks([0, 1, 10, 100], ["0", "1 %", "10 %", "all"])
    axes.set(ylabel="weights that change by more", title="most weights a little")


def _wrong(axes: Any, series: base.Series) -> None:
    bars = (
        ("wrong_readout", "readout alone", base.BLUE),
        ("wrong_ridge", "readout, ridge", base.GREEN),
        ("wrong_frozen", "all but $W_{hh}$", base.VERMILLION),
        ("all", "all trained", base.ORANGE),
        ("wrong_designed", "designed ESN", style.QUIET),
    )
    for group, wrongs in enumerate(series["lags"].values()):
        for place, (name, words, colour) in enumerate(bars):
            percent, x = base.array(wrongs[name]) * 100, group + 0.17 * (place - 2)
            middle = float(np.median(percent))
            axes.bar(x, middle, width=0.15, color=colour, label=words if group == 0 else None)
            axes.hlines(middle, x - 0.075, x + 0.075, color=colour, lw=2.5)  # a bar of no height would not be seen
            axes.vlines(x, percent.min(), percent.max(), color=style.INK, lw=1)
            above = percent.max() + 1.5
            if _CHANCE - _DIGITS < above < _CHANCE:  # its line would cross the number
                above = _CHANCE + 1.5
            base.word(axes, x, above, f"{middle:.0f}", colour, ha="center", va="bottom", fontsize=7)
    axes.axhline(_CHANCE, color=style.QUIET, lw=0.8, ls=(0, (1, 2)), label="chance")
    axes.set_xticks(range(len(series["lags"])), [f"lag {lag}" for lag in series["lags"]])
    axes.set(
        ylabel="test sequences wrong in %", ylim=(-1, 128), yticks=range(0, 101, 20), title="and yet few are wrong"
    )
    axes.set_xlim(-0.5, len(series["lags"]) - 0.5)
    handles, names = axes.get_legend_handles_labels()
    order = [*range(1, len(names)), 0]  # a line comes before bars
    handles, names = [handles[i] for i in order], [names[i] for i in order]
    axes.legend(handles, names, loc="upper left", ncol=2, handlelength=1, columnspacing=0.8, borderaxespad=0)


draw = base.drawing(_moved, _sizes, _spectrum, _wrong, height=2.5, columns=2)
slide = base.drawing(_moved, _spectrum, _wrong, height=2.5)
caption = base.caption("modified_dynamics")
