"""The figures of `make bench`, from its csv files: ratios against their goals, and how cost grows.

python -m benchmarks.figure FOLDER
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

AXES = {"T": "steps T", "H": "hidden units H", "B": "sequences B", "R": "replicas R (B=20, H=50)"}
RATIOS = ("P1", "P2", "P4", "P5", "P7", "P11", "P12")
_NEAR = 0.7  # from here to 1 a number to the right would reach the line of equal speed
OURS, PEER = sns.color_palette("colorblind", 2)


def ratios(rows: pd.DataFrame) -> Any:
    """How many times faster than each peer: as it comes, and with our environment; floor to goal as a grey bar."""
    asked = rows[rows.ratio.notna() & rows.goal.notna() & rows.id.isin(RATIOS)].reset_index(drop=True)
    figure, ax = plt.subplots(figsize=(9, 1.3 + 0.42 * len(asked)), layout="constrained")
    for i, row in enumerate(asked.itertuples()):
        ax.barh(i, row.goal - row.floor, left=row.floor, height=0.5, color="0.87", zorder=0)
        ax.plot([row.low, row.high], [i, i], color=OURS, linewidth=2)
        ends = [end for end in (row.low, row.high, row.ratio, row.ratio_peer_tuned) if end == end]  # no nan
        right = not _NEAR < max(ends) <= 1
        place, away, side = (max(ends), 6, "left") if right else (min(ends), -6, "right")
        words = f"{row.ratio:.3g}"
        ax.annotate(words, (place, i), (away, 0), textcoords="offset points", ha=side, va="center", fontsize=7.5)
    ax.scatter(asked.ratio, asked.index, color=OURS, s=40, zorder=3)
    ax.scatter(asked.ratio_peer_tuned, asked.index, facecolor="white", edgecolor=PEER, linewidth=1.3, s=34, zorder=2)
    ax.axvline(1, color="0.3", linewidth=0.8)
    ax.annotate("as fast", (1, -0.75), fontsize=7.5, ha="center", color="0.3", annotation_clip=False)
    ax.set_xscale("log")
    ax.set_xticks([1, 2, 5, 10, 20, 50, 100], ["1x", "2x", "5x", "10x", "20x", "50x", "100x"])
    ax.minorticks_off()
    ax.set_yticks(asked.index, [f"{row.id}  {row.what}, {row.shape}\nagainst {row.peer}" for row in asked.itertuples()])
    ax.set_ylim(len(asked) - 0.4, -0.6)
    ax.set_xlabel("CPU time of the peer / of longlag (one thread; median, quartiles)")
    kinds = [
        Line2D([], [], marker="o", linestyle="", color=OURS, label="peer as it comes"),
        Line2D([], [], marker="o", linestyle="", markerfacecolor="white", color=PEER, label="peer in our environment"),
        Patch(color="0.87", label="from floor to goal"),
    ]
    figure.legend(handles=kinds, loc="outside upper right", ncols=3, frameon=False)
    sns.despine(ax=ax, left=True)
    ax.tick_params(axis="y", length=0, labelsize=8)
    return figure


def growth(costs: pd.DataFrame, slopes: pd.DataFrame, share: float | None) -> Any:
    """Cost of an update against each axis, log-log, ours and nn.RNN with our environment."""
    figure, panels = plt.subplots(1, len(AXES), figsize=(10, 3.1), layout="constrained", sharey=True)
    for ax, (axis, title) in zip(panels, AXES.items(), strict=True):
        own = costs[costs.axis == axis]
        for k, (side, colour, name) in enumerate((("peer", PEER, "nn.RNN"), ("ours", OURS, "longlag"))):
            slope = slopes[(slopes.axis == axis) & (slopes.side == side)].slope.iloc[0]
            ax.loglog(own["size"], own[f"{side}_ms"], "o-", color=colour, markersize=4, linewidth=1.2)
            text = f"{name} ~ {axis}$^{{{slope:.2f}}}$"
            ax.text(0.04, 0.97 - 0.09 * k, text, color=colour, transform=ax.transAxes, va="top", fontsize=9)
        ax.set(xlabel=title)
        ax.set_xticks(own["size"], [str(size) for size in own["size"]], fontsize=7)
        ax.xaxis.minorticks_off()
    panels[0].set_ylim(top=panels[0].get_ylim()[1] * 3)  # room for the slopes
    panels[0].set_ylabel("CPU time of an update, ms")
    if share is not None:
        text = f"At T=B=H=100 an update of longlag runs at {share:.0%} of the rate of this machine's matrix products"
        figure.suptitle(text, fontsize=9)
    sns.despine(figure)
    return figure


def main(folder: Path) -> None:
    rows = pd.read_csv(folder / "speed.csv")
    figures = {"speed": ratios(rows)} if rows.ratio.notna().any() else {}
    if (folder / "scaling.csv").exists():
        share = rows[rows.id == "P3"].ratio
        growing = pd.read_csv(folder / "scaling.csv"), pd.read_csv(folder / "slopes.csv")
        figures["scaling"] = growth(*growing, float(share.iloc[0]) if len(share) else None)
    for name, figure in figures.items():
        figure.savefig(folder / f"{name}.png", dpi=150)
        figure.savefig(folder / f"{name}.pdf", metadata={"CreationDate": None})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.figure", description=__doc__)
    parser.add_argument("folder", type=Path, help="of speed.csv, for the figures too")
    main(parser.parse_args().folder)
