"""When seeds are solved: share solved against sequence passes, one curve per method, where methods meet."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from longlag.analysis import Analysis
from longlag.figures import overview
from longlag.figures.tools import choice, layout, style
from longlag.words import join_tasks, join_words, seeds_phrase, task_label

TITLE, ORDER = "Time to solve", 2
_HEIGHT = 1.35  # inches of a panel
_SOLVES = 0.5  # share of a method's seeds
_HAIR = 0.012  # share of seeds by which curves are shifted apart


def chosen(analysis: Analysis) -> dict[str, int]:
    """The tasks that are drawn, each with its lag: that at which most methods solve (half of the seeds); in a tie the
    longest. Tasks on which no two methods solve at one lag are left out."""
    return choice.lags(analysis.success[analysis.success.rate >= _SOLVES])


@style.applied()
def draw(analysis: Analysis, width: float = style.PAGE_WIDTH) -> Figure:
    """A panel per task: each step is a seed that solved, and the marker stands at the last one."""
    shown = chosen(analysis)
    if not shown:
        return layout.nothing("no runs" if analysis.runs.empty else "no two methods solve one task at one lag", width)
    conditions, steps = analysis.costs["passes"], analysis.survival
    budgets = analysis.runs.groupby(["task", "lag"]).budget.max()
    beside = min(len(shown), 2 if width > style.COLUMN_WIDTH else 1)
    figure, panels = layout.panels(len(shown), _HEIGHT, width, most=beside)
    there = [choice.at(conditions, task, lag) for task, lag in shown.items()]
    styles = overview.styled(analysis, pd.concat(there).query("solved > 0").method.unique())
    for panel, (task, lag), here in zip(panels, shown.items(), there, strict=True):
        _panel(panel, here[here.solved > 0], choice.at(steps, task, lag), styles, budgets[task, lag])
        solving, tried = int((here.solved >= _SOLVES * here.n).sum()), int((here.attempted > 0).sum())
        panel.set_title(f"{style.task_title(task)}, lag {lag} ({solving} of {tried} methods)", fontsize=8)
    layout.label(panels, "sequence passes (dashed: budget)", "seeds solved so far")
    layout.legend(figure, styles)
    return figure


def _panel(
    axes: Any, conditions: pd.DataFrame, steps: pd.DataFrame, styles: dict[str, style.MethodStyle], limit: float
) -> None:
    present = [name for name in styles if name in set(conditions.method)]
    found = conditions.set_index("method")
    solved = dict(iter(steps[np.isfinite(steps.time)].groupby("method")))
    for name, hair in zip(present, style.dodge(len(present), _HAIR * len(present)), strict=True):
        if name in solved:
            _curve(axes, solved[name], found.loc[name], styles[name], hair)
    if not np.isnan(limit):
        axes.axvline(limit, color=style.QUIET, lw=0.8, ls=(0, (4, 2)), zorder=1)
    times = [*steps.time[(steps.time > 0) & np.isfinite(steps.time)], *np.array([limit])[~np.isnan([limit])]]
    axes.set_xscale("log")
    axes.set(ylim=(0, 1.14), xlim=(min(times, default=1) / 2, max(times, default=10) * 2))
    axes.set_yticks([0, 0.5, 1], ["0", "50 %", "100 %"])
    axes.minorticks_off()


def _curve(axes: Any, curve: pd.DataFrame, condition: Any, method_style: style.MethodStyle, hair: float) -> None:
    """Steps from nothing to the share that solved, and a pale line from there to the budget if others did not."""
    x, y = np.r_[curve.time.iloc[0], curve.time], np.r_[0, 1 - curve.survival]
    look: dict[str, Any] = {"color": method_style.colour, "zorder": 2}
    (line,) = axes.step(x, y + hair, where="post", ls=method_style.dash, lw=1.4, **look)
    line.set_gid(condition.name)
    if y[-1] < 1:
        axes.plot([x[-1], condition.budget], [y[-1] + hair] * 2, lw=0.8, alpha=0.5, **look)
    style.mark(axes, x[-1], y[-1] + hair, method_style, filled=True, size=6)


def caption(analysis: Analysis) -> str:
    """What to see, n, and what censoring does here."""
    shown = chosen(analysis)
    if analysis.runs.empty:
        return "No runs yet."
    conditions = analysis.success
    rest = sorted(set(conditions.task) - set(shown))
    left_out = f" Not drawn: {join_tasks(rest)}, where no two methods solve at one lag." if rest else ""
    if not shown:
        return f"No two methods solve one task at one lag ({seeds_phrase(conditions.n)})."
    sizes = pd.concat([choice.at(conditions, task, lag) for task, lag in shown.items()]).n
    where = join_words(f"{task_label(task)} at {lag}" for task, lag in shown.items())
    return (
        "Further left is sooner, higher is more reliable. Share of seeds solved within that many sequence passes "
        f"(1 - Kaplan-Meier; {seeds_phrase(sizes)}); a step is one seed, or more. The marker is at the last seed that "
        "solved; a pale line from there to the budget means that other seeds did not. Every unsolved run is censored "
        f"at the full budget. Of each task the lag is shown at which most methods solve: {where}. In brackets: how "
        "many of the methods that were tried solve it with at least half of their seeds. One without a solved seed has "
        "no curve. A readout computed in one go has its step at the size of its training set. No interval is drawn: at "
        f"the budget it is that of the success rate; the table tests matched pairs.{left_out}"
    )
