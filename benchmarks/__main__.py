"""`make bench`: measures everything of the table, prints as it goes, writes results/benchmarks/.

python -m benchmarks [--quick] [--only P1,P5] [--out FOLDER]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import rows as measured
from benchmarks import scaling
from benchmarks.cases import cases
from benchmarks.harness import ROOT, Effort, Worker, write
from benchmarks.pairs import PAIRS
from benchmarks.rows import Row

IDS = sorted({case.id for case in cases()} | {"P9", "P10", "P11", "P12", "P13"}, key=lambda name: int(name[1:]))


@dataclass(frozen=True)
class Plan:
    """How much of the table, how often. suite: rounds of P11, pairs: seeds of P13; 0 leaves it out."""

    effort: Effort
    scaling: Effort | None
    suite: int
    memory: bool
    seeds: int
    pairs: int = 0
    leave_out: tuple[str, ...] = ()  # words in the title of rows


FULL = Plan(Effort(9, 0.15), Effort(7, 0.1), suite=7, memory=True, seeds=5, pairs=5)
QUICK = Plan(
    Effort(2, 0.02),
    None,
    suite=0,
    memory=False,
    seeds=1,
    leave_out=("ESN states, float64", "linearisation", "updates of ten seeds in turn"),
)


def measure(plan: Plan, only: set[str], workers: dict[str, Worker]) -> Iterator[Row]:
    """All rows, in the order of the table."""

    def wanted(*ids: str) -> bool:
        return not only or bool(only & set(ids))

    for case in cases():
        if wanted(case.id) and not case.what.startswith(plan.leave_out):
            yield measured.compared(case, workers, plan.effort)
    if plan.memory and wanted("P9"):
        yield from measured.memory()
    if wanted("P10"):
        yield from measured.accuracy(workers["ours"], plan.seeds)
    if plan.suite and wanted("P11"):
        yield from measured.suite_sample(workers, Effort(plan.suite))
    if wanted("P12"):
        yield from measured.gpu(workers, plan.effort)
    if plan.pairs and wanted("P13"):
        yield from measured.solutions(PAIRS, plan.pairs)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two short rounds, without P9, P11, P13, growth; a minute")
    parser.add_argument("--only", default="", help="ids, such as P1,P5")
    parser.add_argument("--out", type=Path, default=ROOT / "results/benchmarks")
    args = parser.parse_args(argv)
    plan, only = QUICK if args.quick else FULL, set(filter(None, args.only.split(",")))
    if strangers := sorted(only - {*IDS}):
        parser.error(f"--only {','.join(strangers)}: no such id; known: {', '.join(IDS)}")
    begun, found = time.monotonic(), []
    args.out.mkdir(parents=True, exist_ok=True)
    with Worker("ours") as ours, Worker("default") as default:
        workers = {"ours": ours, "default": default}
        record = {name: worker.ask("machine:record") for name, worker in workers.items()}
        for row in measure(plan, only, workers):
            found.append(row)
            print(f"[{time.monotonic() - begun:4.0f} s] {row.line}", flush=True)
            write(args.out / "speed.csv", Row, found)
        if plan.scaling and not only:
            costs = list(_announced(scaling.costs(workers, plan.scaling)))
            write(args.out / "scaling.csv", scaling.Cost, costs)
            write(args.out / "slopes.csv", scaling.Slope, scaling.slopes(costs))
    machine = {"quick": args.quick, "seconds": round(time.monotonic() - begun), "environments": record}
    (args.out / "machine.json").write_text(json.dumps(machine, indent=1) + "\n")
    subprocess.run([sys.executable, "-m", "benchmarks.figure", str(args.out)], cwd=ROOT, check=True)
    print(f"{args.out}: speed.csv, machine.json and figures, after {time.monotonic() - begun:.0f} s")
    return 0


def _announced(costs: Iterator[scaling.Cost]) -> Iterator[scaling.Cost]:
    for cost in costs:
        print(f"growth with {cost.axis}: {cost.size}: {cost.ours_ms:.3g} ms | nn.RNN {cost.peer_ms:.3g} ms", flush=True)
        yield cost


if __name__ == "__main__":
    sys.exit(main())
