"""How every run ended: a block per seed, coloured by its status; at the end of the budget, by how near it came."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from longlag import protocol
from longlag.analysis import Analysis, stats
from longlag.analysis.reach import furthest_first
from longlag.figures.tools import layout, style
from longlag.store.records import Status
from longlag.words import join_tasks, join_words, seeds_phrase

TITLE, ORDER = "What failed, and how", 6
_NEARNESS = mpl.colormaps["YlOrBr"]  # dark to light also in grey
_NEAR, _FAR = 0.16, 0.85  # the part of it that is used
_UNMEASURED = "#b5b5b5"
# status -> colour and hatch; colour-blind readers distinguish blue from orange and brown, and the rest by hatch
_STATUS: dict[str, tuple[str, str]] = {
    Status.SOLVED: ("#a6cee3", ""),
    Status.DIVERGED: ("#8c1d78", "////"),
    Status.TIMEOUT: ("#4d4d8f", "...."),
    Status.ERROR: ("#222222", "xxxx"),
    Status.NOT_ATTEMPTED: ("white", ""),
}
_WIDTH, _HEIGHT = 0.92, 0.8  # of the blocks of a condition, in units of the axes
_WORDS = 0.17  # inches: the narrowest block that holds two digits
_CROWD = 40  # with more seeds in a condition, those that look the same share a block
_SHADES = 12  # levels of nearness
# columns of a run that are read
_COLUMNS = [*stats.CONDITION, "seed", "status", "minimal_lag", "constant_error", "half_solved_error"]


@style.applied()
def draw(analysis: Analysis, width: float = style.PAGE_WIDTH) -> Figure:
    """One panel per task with a run that did not solve: a row per method, a column per lag, a block per seed."""
    shown = _unsolved(analysis)
    if shown.empty:
        return layout.nothing("no runs" if analysis.runs.empty else "every run was solved", width)
    order, blocks = furthest_first(analysis.reach), _blocks(shown)
    tiers = layout.tiers(layout.methods_on(blocks), height=0.55, width=width, per_method=0.2)
    for task, panel in tiers.panels.items():
        _panel(panel, blocks[blocks.task == task], order, small=task in tiers.small)
    layout.titles(tiers, {task: style.task_title(task) for task in tiers.panels})
    wide = width > style.COLUMN_WIDTH
    for task, panel in tiers.full.items() if wide else ():
        _baselines(panel, shown[shown.task == task])
    layout.keys_to(tiers.figure, _keys(shown), "outside upper left")
    layout.label_tiers(tiers, style.LAG if wide else style.LAG_SHORT, style.LAG_SHORT, "")
    numbered = {task: _with_numbers(_placed(blocks[blocks.task == task], order)) for task in tiers.panels}
    if any((near.width * width >= _WORDS).any() for near in numbered.values()):  # a lag is no wider than the figure
        tiers.figure.draw_without_rendering()  # only a laid-out figure knows which blocks have room for words
        for task, panel in tiers.panels.items():
            _numbers(panel, numbered[task])
    return tiers.figure


def _unsolved(analysis: Analysis) -> pd.DataFrame:
    """The runs of tasks on which some run did not solve, each with `left` and `best` of `stats.near_misses`; the solved
    first, then those that came nearest."""
    runs, near = analysis.runs[_COLUMNS], analysis.near_misses[[*stats.CONDITION, "seed", "best", "left"]]
    tasks = set(runs.task[runs.status != Status.SOLVED])
    shown = runs[runs.task.isin(tasks)].merge(near, "left", [*stats.CONDITION, "seed"])
    return shown.assign(rank=shown.status.map(list(Status).index)).sort_values(["rank", "left", "seed"])


def _blocks(runs: pd.DataFrame) -> pd.DataFrame:
    """One block per seed, in the order of the rows; in a crowd, neighbours that look the same share a block.

    A block is a run, that of its first seed, with `seeds`, their number, and `begin` and `end`, its place among the
    blocks of its condition from 0 to 1.
    """
    minimal = runs.groupby(["task", "lag"]).minimal_lag.transform("max")
    runs = runs.assign(minimal_lag=minimal).sort_values(stats.CONDITION, kind="stable", ignore_index=True)
    condition = runs.groupby(stats.CONDITION).seed
    size, place = condition.transform("size"), condition.cumcount()
    left = runs.left.where(size <= _CROWD, (runs.left * _SHADES).round() / _SHADES)
    shades = left.mask(runs.status.isin([*_STATUS]), -1).fillna(-2)  # a status with a colour has no shade
    new = (place == 0) | (size <= _CROWD) | (shades != shades.shift()) | (runs.status != runs.status.shift())
    starts = np.flatnonzero(new)
    seeds = np.diff([*starts, len(runs)])
    found = runs.assign(left=left, begin=place / size, share=1 / size).iloc[starts].assign(seeds=seeds)
    return found.assign(end=found.begin + found.share * seeds)


def _placed(blocks: pd.DataFrame, order: list[str]) -> pd.DataFrame:
    """The blocks of a task with x, y (of the lower left corner) and width, in units of the axes."""
    methods = [name for name in order if name in set(blocks.method)]
    x = blocks.lag.map({lag: i for i, lag in enumerate(sorted(blocks.lag.unique()))}) + (blocks.begin - 0.5) * _WIDTH
    y = blocks.method.map({name: i for i, name in enumerate(methods)}) - _HEIGHT / 2
    return blocks.assign(x=x, y=y, width=(blocks.end - blocks.begin) * _WIDTH)


def _panel(axes: Any, blocks: pd.DataFrame, order: list[str], small: bool) -> None:
    methods = [name for name in order if name in set(blocks.method)]
    minimal = blocks.groupby("lag").minimal_lag.max()
    style.lag_ticks(axes, [*minimal.index], [*minimal], thin=small)
    axes.set_ylim(len(methods) - 0.5, -0.5)
    axes.set_yticks(range(len(methods)), [style.method_title(name) for name in methods])
    axes.tick_params(axis="y", length=0)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    for status, rows in _placed(blocks, order).groupby("status"):
        _fill_blocks(axes, str(status), rows)


def _fill_blocks(axes: Any, status: str, blocks: pd.DataFrame) -> None:
    """The blocks of one status."""
    boxes = layout.boxes(blocks.x.to_numpy(), blocks.y.to_numpy(), blocks.width.to_numpy(), _HEIGHT)
    drawn = PolyCollection(
        boxes,
        facecolors=[_colour(status, left) for left in blocks.left],
        edgecolors=_edge(status),
        linewidths=0.5,
        hatch=_STATUS.get(status, ("", ""))[1] or None,
        zorder=2 if status == Status.NOT_ATTEMPTED else 1,  # an outline is seen whole
    )
    drawn.set_gid(status)
    axes.add_collection(drawn, autolim=False)  # the limits are set


def _colour(status: str, left: float) -> Any:
    if status in _STATUS:
        return _STATUS[status][0]
    return _UNMEASURED if np.isnan(left) else _NEARNESS(_NEAR + (_FAR - _NEAR) * left)


def _edge(status: str) -> str:
    """A white block is seen by its outline."""
    return "#c9c9c9" if status == Status.NOT_ATTEMPTED else "white"


def _with_numbers(blocks: pd.DataFrame) -> pd.DataFrame:
    """The blocks of one run that no failure and no clock ended."""
    return blocks[(blocks.seeds == 1) & (blocks.status == Status.BUDGET) & blocks.best.notna()]


def _numbers(axes: Any, blocks: pd.DataFrame) -> None:
    """The lowest error that was seen, in percent, in blocks as wide as two digits; blocks: those of `_with_numbers`."""
    scale = axes.get_window_extent().width / axes.figure.dpi / np.ptp(axes.get_xlim())  # inches per lag
    for block in blocks[blocks.width * scale >= _WORDS].itertuples():
        x, y = block.x + block.width / 2, block.y + _HEIGHT / 2
        ink = "white" if block.left > 0.7 else style.INK
        axes.text(x, y + 0.03, f"{100 * block.best:.0f}", ha="center", va="center", fontsize=7, color=ink)


def _baselines(axes: Any, runs: pd.DataFrame) -> None:
    """Prints beside the title the errors that the numbers compare with."""
    constant, half = runs.constant_error.max(), runs.half_solved_error.max()
    known = {"constant answer": constant, "half-solved": half}
    words = ", ".join(f"{name} {100 * error:.0f}" for name, error in known.items() if not np.isnan(error))
    if words and len(axes.get_subplotspec().colspan) > layout.GRID // 2:
        font = {"fontsize": 7.5, "fontweight": "normal", "color": style.QUIET}
        axes.set_title(f"% wrong at best ({words})", loc="right", **font)


def _keys(runs: pd.DataFrame) -> list[Patch]:
    there = set(runs.status)
    shades = {"near miss": 0.1, "half way": 0.55, "learned nothing": 1.0}
    keys = [Patch(facecolor=_STATUS[Status.SOLVED][0], label="solved")]
    if Status.BUDGET in there:
        keys += [
            Patch(facecolor=_colour(Status.BUDGET, left), label=f"unsolved: {words}") for words, left in shades.items()
        ]
    for status in (Status.DIVERGED, Status.TIMEOUT, Status.ERROR, Status.NOT_ATTEMPTED):
        if status in there:
            colour, hatch = _STATUS[status]
            words = status.value.replace("_", " ")
            keys.append(Patch(facecolor=colour, hatch=hatch, edgecolor=_edge(status), label=words))
    return keys


def caption(analysis: Analysis) -> str:
    """What to see, n, what the colours measure and what was left out."""
    runs = analysis.runs
    if runs.empty:
        return "No runs yet."
    shown, conditions = _unsolved(analysis), analysis.success
    crowd = conditions.n[conditions.task.isin(shown.task.unique())].max() > _CROWD
    alike = f"; in a condition of more than {_CROWD}, those that look alike share a block" if crowd else ""
    counts = stats.ending(runs).value_counts()
    known = [Status.SOLVED.value, *stats.ENDINGS]
    ends = join_words(f"{counts[name]} {name.replace('_', ' ')}" for name in known if name in counts)
    if shown.empty:
        return f"Every run was solved ({ends}; {seeds_phrase(conditions.n)} per condition)."
    rest = sorted(set(runs.task) - set(shown.task))
    left_out = f" Left out, since every run was solved: {join_tasks(rest)}." if rest else ""
    return (
        f"Blue is solved. Each block is one seed ({seeds_phrase(conditions.n)} per condition{alike}): {ends}. For runs "
        "that spent their budget or used all their sequences, darker means that less was learned: the colour is the "
        "lowest share of validation sequences wrong, on a logarithmic scale from the criterion to the constant answer. "
        "The number in a block is this share in percent; blocks narrower than two digits, and shared ones, have the "
        "colour alone. The lowest of many evaluations on "
        f"{protocol.MONITOR} sequences lies below what the net would score. Outlined: not attempted, since "
        f"two lags in a row below were unsolved. No block: that lag was not on the method's grid.{left_out}"
    )
