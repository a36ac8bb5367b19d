"""What goes wrong in a free run, measured: one setting at a time of a net that continues Mackey-Glass well.

    python -m benchmarks.free_runs

writes results/benchmarks/free_runs.csv and the table of docs/reservoirs.md (a minute). For each case: the median error
after 84 free steps over 5 reservoirs and 4 places, in deviations of the series, and the share of runs of 600 steps that
stay in its range (widened by a third of a unit). Noise is added to the inputs of the training data, not to the targets.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.estimators import mackey_glass
from benchmarks.harness import ROOT
from longlag.esn import EchoStateNetwork

OUT, PAGE = ROOT / "results/benchmarks/free_runs.csv", ROOT / "docs/reservoirs.md"
START, END = "<!-- benchmarks.free_runs -->\n", "<!-- end of free runs -->"
BASE: dict[str, Any] = {
    "units": 300, "leak": 0.8, "input_scale": 0.2, "spectral_radius": 0.9, "washout": 100, "penalty": 1e-10,
}  # fmt: skip
TRAINED, WARM_UP, AHEAD, STEPS, MARGIN = 1500, 200, 84, 600, 0.33
PLACES, SEEDS = (1800, 2300, 2800, 3300), 5


@dataclass(frozen=True)
class Case:
    """Settings other than the base's, noise in deviations of the series, what they show and what helps."""

    settings: dict[str, Any] = field(default_factory=dict)
    noise: float = 0.0
    shows: str = ""
    remedy: str = ""

    @property
    def name(self) -> str:
        changed = [f"`{name}={value:g}`" for name, value in self.settings.items()]
        return ", ".join([*changed, *([f"noise {self.noise:g}"] if self.noise else [])]) or "as above"


CASES = (
    Case(shows="nothing"),
    Case({"spectral_radius": 0.3}, shows="the memory is too short to tell where the series is",
         remedy="a larger one; 0.9 to start with"),
    Case({"spectral_radius": 1.5}, shows="the reservoir's own dynamics take over", remedy="a smaller one"),
    Case({"spectral_radius": 2.0}, shows="the same, more", remedy="above 1.2 only with strong inputs"),
    Case({"input_scale": 1.0}, shows="units saturate, and the readout amplifies small errors",
         remedy="a smaller one, 0.1 to 0.3; then noise"),
    Case({"penalty": 1e-6}, shows="the readout is too smooth", remedy="a smaller one where the series has no noise"),
    Case({"penalty": 1e-2}, shows="the same, more", remedy="the same"),
    Case({"washout": 0}, shows="the readout has learned the start from zero",
         remedy="as many steps as the net remembers: 100"),
    Case({"spectral_radius": 0.3}, 0.001, "noise brings the net back to the series", "0.001 to start with"),
    Case({"input_scale": 1.0}, 0.001, "the same", "the same"),
    Case({"input_scale": 1.0, "penalty": 1e-4}, shows="so does a large penalty, less exactly", remedy="try it first"),
    Case(noise=0.001, shows="noise costs accuracy where nothing was wrong", remedy="none, or less"),
    Case(noise=0.01, shows="the same, more", remedy="the same"),
)  # fmt: skip


def measured(case: Case) -> tuple[float, float]:
    """The median error after 84 free steps, and the share of runs that stay in range."""
    s = mackey_glass(PLACES[-1] + STEPS + 1)
    low, high = s.min() - MARGIN, s.max() + MARGIN
    errors, stays = [], []
    for seed in range(SEEDS):
        noise = case.noise * s.std() * np.random.default_rng(seed).standard_normal((TRAINED, 1))
        net = EchoStateNetwork(**BASE | case.settings, random_state=seed)
        net.fit([s[:TRAINED] + noise], [s[1 : TRAINED + 1]])
        for place in PLACES:
            found = net.generate(STEPS, s[place - WARM_UP : place])
            errors.append(abs(found[AHEAD - 1, 0] - s[place + AHEAD - 1, 0]) / s.std())
            stays.append(bool(((found > low) & (found < high)).all()))
    return float(np.median(errors)), float(np.mean(stays))


def rows() -> list[dict[str, Any]]:
    found = []
    for case in CASES:
        error, stays = measured(case)
        found.append({"case": case.name, "shows": case.shows, "error": f"{error:.2g}", "in_range": f"{stays:.0%}",
                      "remedy": case.remedy})  # fmt: skip
    return found


def table(found: Sequence[dict[str, Any]]) -> str:
    """The table of docs/reservoirs.md."""
    lines = ["| setting | what goes wrong | error after 84 steps | in range | what to do |", "|---|---|---|---|---|"]
    lines += [
        f"| {' | '.join(row[name] for name in ('case', 'shows', 'error', 'in_range', 'remedy'))} |" for row in found
    ]
    return "\n".join(lines)


def with_table(page: str, found: Sequence[dict[str, Any]]) -> str:
    before, rest = page.split(START)
    return f"{before}{START}{table(found)}\n{END}{rest.split(END)[1]}"


def read(path: Path = OUT) -> list[dict[str, Any]]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def main() -> None:
    found = rows()
    with open(OUT, "w", newline="") as file:
        writer = csv.DictWriter(file, found[0])
        writer.writeheader()
        writer.writerows(found)
    PAGE.write_text(with_table(PAGE.read_text(), found))
    print(table(found))


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()  # --help runs nothing
    main()
