"""What `config/standard.yaml` costs at a new commit as a share of what it cost at an old one, by a stratified sample.

    python -m benchmarks.standard OLD NEW [--methods lstm,hf] [--pairs 5] [--out FILE]

Each method trains on a few conditions (`CONDITIONS`) in two processes that import longlag from worktrees of the two
commits and take turns, three seeds per pair: the first updates from the start, then an evaluation of the monitor set.
Each side trains the seeds as it would those of a job, together or one by one; of seeds one by one the first is timed.
CPU seconds per sequence pass and per evaluated sequence, times those of the mean run of a record of the suite
(`harness.STANDARD`), are the cost of that run: passes and attempted rungs are the same on both sides. A run of the
record counts for the condition of its method with its task, else with `adding`, whose lag is nearest. Ratios are
weighed by the record's CPU seconds. Not counted: the start of a job's process, that `hf` needs more or fewer passes
than it did, and that a seed which solves its task leaves the others alone. Both sides have the sizes of the record's
recipes (`SETTINGS`): a larger net of a better recipe is no loss of speed.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import math
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median

from benchmarks.harness import ROOT, STANDARD, Worker, spread, write

ALL = "all"
SEEDS = 3  # of a job
UPDATES = {"esn": 1, "hf": 4}  # timed, after one that is not
UPDATES_OF_GRADIENTS = 20
SETTINGS = {("esn", "adding"): {"cell.hidden": 200}}
CONDITIONS = {  # many scored steps in small batches (5 bits), a wide output (permutation), the dearest of `esn`
    "esn": [("adding", 50), ("adding", 500), ("memorization_20bit", 500)],
    "hf": [("adding", 50), ("memorization_5bit", 50)],
}
CONDITIONS_OF_GRADIENTS = [("adding", 50), ("adding", 200), ("memorization_5bit", 50), ("memorization_20bit", 30),
                           ("random_permutation", 50)]  # fmt: skip


@dataclass(frozen=True)
class Stratum:
    """A line of the table. share: of the record's CPU seconds. *_s: of its mean run. ratio: new / old, the median."""

    method: str
    task: str
    lag: str
    share: float
    old_s: float | None
    new_s: float | None
    ratio: float
    low: float
    high: float
    pairs: int


@dataclass(frozen=True)
class Measured:
    """Costs of the mean run of some runs of the record at the two commits, a number per pair."""

    method: str
    task: str
    lag: int
    share: float
    old: list[float]
    new: list[float]

    @property
    def ratios(self) -> list[float]:
        return [n / o for o, n in zip(self.old, self.new, strict=True)]


def nearest(method: str, task: str, lag: int) -> tuple[str, int]:
    """The condition that stands for a run of the record."""
    sampled = CONDITIONS.get(method, CONDITIONS_OF_GRADIENTS)
    same = [c for c in sampled if c[0] == task] or [c for c in sampled if c[0] == "adding"]
    return min(same, key=lambda c: abs(math.log(c[1] / lag)))


def seconds(
    source: str, method: str, task: str, lag: int, seeds: list[int], updates: int, settings: dict[str, int]
) -> tuple[float, float]:
    """CPU seconds per sequence pass of training, and per evaluated sequence, of the longlag in `source`. seeds: of a
    job; those of its first program are timed."""
    import torch  # not above: a worker sets its environment first, and the process that starts it has another longlag

    import longlag
    from longlag import protocol
    from longlag.engine import evaluate
    from longlag.engine.data import MONITOR, Data, Draws, steps
    from longlag.engine.spec import RunSpec, resolve
    from longlag.engine.train import blocks
    from longlag.objective import Meter

    assert Path(longlag.__file__).is_relative_to(source), f"longlag is imported from {longlag.__file__}"
    setup = resolve(RunSpec(task, lag, method, tuple(seeds), overrides=settings))
    program = blocks(setup)[0]
    own, meter = Data(setup, program), Meter.zero(len(program))
    trained = steps(setup.parts.optimiser, Draws(own, meter), own.start())
    params = next(trained).params
    before, begun = float(meter.passes.sum()), time.process_time()
    for _ in range(updates):
        params = next(trained).params
    middle = time.process_time()
    sequences = len(program) * min(protocol.MONITOR, setup.task.population or protocol.MONITOR)
    with torch.no_grad():
        evaluate.score(setup, params, own.evaluation(MONITOR, protocol.MONITOR))
    evaluated = time.process_time() - middle
    return (middle - begun) / (float(meter.passes.sum()) - before), evaluated / sequences


def record() -> dict[tuple[str, str, int], list[tuple[float, float, float]]]:
    """(passes, evaluated sequences, CPU seconds) of the trained runs for which each condition stands."""
    found = defaultdict(list)
    with gzip.open(STANDARD, "rt", newline="") as file:
        for row in csv.DictReader(file):
            if int(row["updates"]):
                numbers = float(row["passes"]), float(row["evaluation_passes"]), float(row["seconds"])
                found[row["method"], *nearest(row["method"], row["task"], int(row["lag"]))].append(numbers)
    return dict(found)


def measure(workers: Mapping[Path, Worker], methods: set[str], pairs: int) -> Iterator[Measured]:
    """Condition after condition. workers: by their sources, the old one first."""
    runs = record()
    total = sum(row[2] for rows in runs.values() for row in rows)
    for (method, task, lag), rows in sorted(runs.items()):
        if methods and method not in methods:
            continue
        passes, evaluated, _ = (fmean(numbers) for numbers in zip(*rows, strict=True))
        costs: dict[Path, list[float]] = {source: [] for source in workers}
        for pair in range(pairs):
            for source in list(workers)[:: -1 if pair % 2 else 1]:
                per_pass, per_sequence = workers[source].ask(
                    "standard:seconds", source=str(source), method=method, task=task, lag=lag,
                    seeds=[SEEDS * pair + k for k in range(SEEDS)],
                    settings=SETTINGS.get((method, task), {}), updates=UPDATES.get(method, UPDATES_OF_GRADIENTS),
                )  # fmt: skip
                costs[source].append(passes * per_pass + evaluated * per_sequence)
        yield Measured(method, task, lag, sum(row[2] for row in rows) / total, *costs.values())


def table(measured: list[Measured]) -> list[Stratum]:
    """A line per condition, per method and for all, whose ratios are weighed by their shares pair by pair."""
    lines, groups = [], defaultdict(list)
    for m in measured:
        lines.append(Stratum(m.method, m.task, str(m.lag), m.share, median(m.old), median(m.new), *spread(m.ratios),
                             len(m.ratios)))  # fmt: skip
        for group in (m.method, ALL):
            groups[group].append(m)
    for group, parts in groups.items():
        share = sum(m.share for m in parts)
        by_pair = zip(*([m.share / share * ratio for ratio in m.ratios] for m in parts), strict=True)
        ratios = [sum(pair) for pair in by_pair]
        lines.append(Stratum(group, ALL, ALL, share, None, None, *spread(ratios), len(ratios)))
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.standard", description=__doc__)
    parser.add_argument("commits", nargs=2, help="the old and the new one")
    parser.add_argument("--methods", default="", help="such as lstm,hf; all if not given")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--out", type=Path, default=ROOT / "results/benchmarks/standard.csv")
    args = parser.parse_args()
    measured = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sources = [_worktree(stack, folder / name, commit) for name, commit in zip("on", args.commits, strict=True)]
        workers = {source: stack.enter_context(Worker("ours", str(source))) for source in sources}
        for each in measure(workers, set(filter(None, args.methods.split(","))), args.pairs):
            measured.append(each)
            print(each.method, each.task, each.lag, *(f"{ratio:.3f}" for ratio in each.ratios), flush=True)
            write(args.out, Stratum, table(measured))


def _worktree(stack: ExitStack, path: Path, commit: str) -> Path:
    """The sources of a commit, until the stack is left."""
    git = ["git", "-C", str(ROOT), "worktree"]
    subprocess.run([*git, "add", "--quiet", "--detach", str(path), commit], check=True)
    stack.callback(subprocess.run, [*git, "remove", "--force", str(path)], check=True)
    return path / "src"


if __name__ == "__main__":
    main()
