"""The figures of `make bench`, from its csv files: ratios against their goals, and how cost grows.

python -m benchmarks.figure FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns

AXES = {"T": "steps T", "H": "hidden units H", "B": "sequences B", "R": "replicas R (B=20, H=50)"}
OURS, PEER, TUNED = sns.color_palette("colorblind", 3)


def ratios(rows: pd.DataFrame) -> Any:
    """How many times faster than each peer: as it comes, and with our environment; floor to goal as a grey bar."""
    kept = rows[rows.ratio.notna() & rows.id.isin(["P1", "P2", "P4", "P5", "P7", "P11", "P12"])]
    kept = kept[kept.goal.notna()].reset_index(drop=True)
    figure, ax = plt.subplots(figsize=(7.2, 0.8 + 0.36 * len(kept)), layout="constrained")
    for i, row in kept.iterrows():
        ax.plot([row.floor, row.goal], [i, i], color="0.85", linewidth=9, solid_capstyle="butt", zorder=0)
        ax.plot([row.low, row.high], [i, i], color=OURS, linewidth=1.5)
    ax.scatter(kept.ratio, kept.index, color=OURS, s=36, label="peer as it comes", zorder=3)
    tuned = {"facecolor": "white", "edgecolor": PEER, "label": "peer in our environment"}
    ax.scatter(kept.ratio_peer_tuned, kept.index, s=36, zorder=2, **tuned)
    ax.plot([], [], color="0.85", linewidth=9, label="floor to goal")
    ax.axvline(1, color="0.4", linewidth=0.8)
    ax.set_xscale("log")
    ax.set_xticks([1, 2, 5, 10, 20, 50, 100], ["1", "2", "5", "10", "20", "50", "100"])
    ax.set_yticks(kept.index, [_label(row) for row in kept.itertuples()])
    ax.set_xlabel("times faster than the peer (process CPU time, one thread; median, quartiles)")
    ax.set_ylim(len(kept) - 0.4, -0.6)
    ax.legend(loc="upper left", bbox_to_anchor=(0, 1.14 if len(kept) > 8 else 1.3), ncols=3, frameon=False)
    sns.despine(ax=ax, left=True)
    ax.tick_params(axis="y", length=0)
    return figure


def _label(row: Any) -> str:
    return f"{row.id}  {row.what}\nagainst {row.peer}"


def growth(costs: pd.DataFrame, slopes: pd.DataFrame, share: float | None) -> Any:
    """Cost of an update against each axis, log-log, ours and nn.RNN with our environment."""
    figure, panels = plt.subplots(1, len(AXES), figsize=(10, 2.9), layout="constrained", sharey=True)
    for ax, (axis, title) in zip(panels, AXES.items(), strict=True):
        own = costs[costs.axis == axis]
        for side, colour, name in (("ours", OURS, "longlag"), ("peer", PEER, "nn.RNN")):
            slope = slopes[(slopes.axis == axis) & (slopes.side == side)].slope.iloc[0]
            ax.loglog(own["size"], own[f"{side}_ms"], "o-", color=colour, markersize=4, linewidth=1.2)
            last = own.iloc[-1]
            ax.annotate(
                f"{name}\n~ {axis}$^{{{slope:.2f}}}$",
                (last["size"], last[f"{side}_ms"]),
                xytext=(4, 4 if side == "peer" else -4),
                textcoords="offset points",
                color=colour,
                va="bottom" if side == "peer" else "top",
                ha="right",
                fontsize=8,
            )
        ax.set(xlabel=title)
        ax.set_xticks(own["size"], [str(s) for s in own["size"]], fontsize=7)
        ax.minorticks_off()
    panels[0].set_ylabel("CPU time of an update, ms")
    if share is not None:
        figure.suptitle(
            f"Cost of a tanh RNN update. At T=B=H=100 it runs at {share:.0%} of this machine's matrix-product rate.",
            fontsize=9,
        )
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
    main(Path(sys.argv[1]))
