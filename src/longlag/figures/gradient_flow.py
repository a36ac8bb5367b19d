"""How far back the loss reaches into a net while it learns: derivatives against steps back, early and late in
training."""

from __future__ import annotations

import textwrap
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from longlag.analysis import Analysis
from longlag.figures import overview
from longlag.figures.tools import layout, style
from longlag.words import join_methods, seeds_phrase, task_label

TITLE, ORDER = "Gradient flow", 7
_FLOOR = 1e-9  # smaller values are drawn there
_ABREAST = 4
_TITLE = 21  # letters of a title that a panel has room for
_DRAWN = {0.0: "first evaluation", 1.0: "last evaluation"}  # by the share of the method's colour, as `_shade` takes it


@style.applied()
def draw(analysis: Analysis, width: float = style.PAGE_WIDTH) -> Figure:
    """One panel per method: a light line at the first evaluation and a dark one at the last."""
    flow = analysis.gradient_flow
    if flow.empty:
        return layout.nothing("no gradient flow was recorded", width)
    chosen, task, lag = _chosen(flow)
    styles = overview.styled(analysis, chosen.method.unique())
    most = _ABREAST if width > style.COLUMN_WIDTH else 2
    figure, axes = layout.panels(len(styles), 1.25, width, most, sharex=True, sharey=True)
    backs = sorted(chosen.back.unique())
    runs = analysis.runs
    solved = runs[(runs.task == task) & (runs.lag == lag) & runs.solved]
    for panel, (method, method_style) in zip(axes, styles.items(), strict=True):
        own = chosen[chosen.method == method]
        _panel(panel, own, backs, method_style)
        panel.set_title(textwrap.fill(style.method_title(method), _TITLE), fontsize=8)
        words = "solved" if ((solved.method == method) & (solved.seed == own.seed.iloc[0])).any() else "not solved"
        panel.text(0.03, 0.06, words, transform=panel.transAxes, color=style.QUIET, fontsize=7)
    lowest = max(chosen.relative.clip(lower=_FLOOR).min() / 3, _FLOOR / 2)
    axes[0].set_ylim(min(lowest, 1e-3), max(chosen.relative.max() * 3, 10))
    layout.label(axes, "steps back from the end", "derivative, relative")
    keys = [Line2D([], [], color=_shade(style.INK, share), lw=1.6, label=word) for share, word in _DRAWN.items()]
    keys.append(Line2D([], [], color=style.QUIET, lw=0.8, ls=":", label="nothing lost"))
    layout.keys_to(figure, keys, "outside upper left")
    return figure


def _chosen(flow: pd.DataFrame) -> tuple[pd.DataFrame, str, int]:
    """The task and lag on which most methods were watched (then the longest lag), and its first seed."""
    watched = flow.groupby(["task", "lag"]).method.nunique()
    task, lag = max(watched.index, key=lambda key: (watched[key], key[1], key[0]))
    here = flow[(flow.task == task) & (flow.lag == lag)]
    first = here.groupby("method").seed.transform("min")
    return here[here.seed == first], str(task), int(lag)


def _panel(axes: Any, flow: pd.DataFrame, backs: list[int], method_style: style.MethodStyle) -> None:
    axes.axhline(1, color=style.QUIET, lw=0.8, ls=":", zorder=1)
    for share, passes in zip(_DRAWN, (flow.passes.min(), flow.passes.max()), strict=True):
        rows = flow[flow.passes == passes].sort_values("back")
        heights = rows.relative.clip(lower=_FLOOR)
        axes.plot(rows.back, heights, color=_shade(method_style.colour, share), lw=1.6)
    axes.set_yscale("log")
    axes.set_xticks(_apart(backs))


def _apart(backs: list[int]) -> list[int]:
    """The steps from the largest down whose numbers have room on a linear axis, and 0."""
    kept = [0]
    for back in sorted(backs, reverse=True):
        if all(abs(back - other) >= 0.2 * max(backs) for other in kept):
            kept.append(back)
    return sorted(kept)


def _shade(colour: Any, share: float) -> Any:
    """A tint of the colour at 0, the colour itself at 1."""
    base = np.asarray(mpl.colors.to_rgb(colour))
    return tuple(1 - (1 - base) * (0.35 + 0.65 * share))


def caption(analysis: Analysis) -> str:
    """What is drawn, of which runs, and what a flat line means."""
    flow = analysis.gradient_flow
    if flow.empty:
        runs = analysis.runs
        runs_seen = seeds_phrase(runs.groupby(["task", "method"]).seed.nunique()) if len(runs) else "n = 0"
        return f"No gradient flow was recorded in this suite ({runs_seen}); the line flow: true in its file records it."
    chosen, task, lag = _chosen(flow)
    methods = join_methods(sorted(chosen.method.unique()))
    n = seeds_phrase(chosen.groupby("method").seed.nunique())
    return (
        "On these axes rate^k is a straight line. Flat: what happened long ago still changes the loss. Falling: the "
        "gradient vanishes; rising: it explodes. Mean norm of the loss's derivative in the net's state k steps before "
        f"the last one, relative to k = 0, over 20 sequences of {task_label(task)} at lag {lag}, in float64; "
        f"{methods}, {n}, seed {int(chosen.seed.min())}. Light: at the first evaluation; dark: at the last; values "
        "below 1e-9 are drawn at 1e-9."
    )


def lacking(analysis: Analysis) -> str:
    """What the figure needs and these results do not have, and where to get it; empty if it is there."""
    words = "these runs recorded no gradient flow: train them with --gradient-flow, or with `flow: true` in a suite"
    return words if analysis.gradient_flow.empty else ""
