"""Cost of planning, collecting and showing a large suite: `python -m benchmarks.scale [--jobs N] [--runs N]`.

It uses benchmarks/scale.yaml with as many seeds as needed. The files of its jobs are made up from rows of the
reference, so that rows and curves are as long as real ones. Each step is a separate process, as in the workflow;
CPU seconds and peak resident memory are those of the process. Writes results/benchmarks/scale.csv.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import yaml

from benchmarks.harness import ROOT
from longlag.design import digests, suite
from longlag.design.collect import error_row
from longlag.store import records
from longlag.store.curves import write_points

REFERENCE = ROOT / "results/reference/runs.csv.gz"
POINTS = 30  # of a learning curve; a run of the reference has as many on average
OWN = (*records.KEY, "budget")  # columns that a made-up row does not take from the reference


@dataclasses.dataclass(frozen=True)
class Step:
    """The cost of a step. megabytes: peak resident memory in MiB; for the page, its size."""

    step: str
    size: str
    cpu_s: float
    wall_s: float
    megabytes: float


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--jobs", type=int, default=10_000, help="that are planned (default: 10000)")
    parser.add_argument("--runs", type=int, default=100_000, help="that are collected (default: 100000)")
    parser.add_argument("--out", type=Path, default=ROOT / "results/benchmarks/scale.csv")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, args.out.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([field.name for field in dataclasses.fields(Step)])
        for step in steps(Path(folder), args.jobs, args.runs):
            row = [f"{x:.4g}" if isinstance(x, float) else x for x in dataclasses.astuple(step)]
            print("{}: {}: {} CPU s, {} s, {} MiB".format(*row), flush=True)
            writer.writerow(row)
            file.flush()
    return 0


def steps(folder: Path, jobs: int, runs: int) -> Iterator[Step]:
    """From the plan to the page."""
    planned = enlarged(folder / "config/planned.yaml", lambda s: len(s.jobs), jobs)
    where: list[str | Path] = ["--snakefile", ROOT / "Snakefile", "--directory", folder, "--config", "suite=planned"]
    yield _measured("plan", f"{len(planned.jobs)} jobs", ["snakemake", "-n", "--quiet", "all", *where])

    large = answered(enlarged(folder / "config/large.yaml", lambda s: len(s.expected()), runs))
    (folder / "suite.json").write_text(large.to_json(large.digests))
    results = folder / "results"
    size = f"{len(large.expected())} runs, {make_up(large, results / 'jobs')} points"
    given: list[str | Path] = [results / "runs.csv", "--curves", results / "curves.parquet"]
    where = ["--suite", folder / "suite.json", "--jobs", results / "jobs"]
    yield _measured("collect", size, ["longlag", "collect", *where, "--out", results])
    yield _measured("figures", size, ["longlag", "figure", "all", *given, "--out", results / "figures"])
    yield _measured("tables", size, ["longlag", "table", "all", given[0], "--out", results / "tables"])
    drawn: list[str | Path] = ["--figures", results / "figures", "--tables", results / "tables"]
    page = results / "report.html"
    yield _measured("report", size, ["longlag", "report", *given, *drawn, "--out", page])
    yield Step("page", size, math.nan, math.nan, page.stat().st_size / 2**20)


def enlarged(path: Path, size: Callable[[suite.Suite], int], least: int) -> suite.Suite:
    """benchmarks/scale.yaml with the fewest seeds that make it that large, written to a file."""
    config = yaml.safe_load((ROOT / "benchmarks/scale.yaml").read_text())
    config["seeds"] = f"0:{math.ceil(least / size(suite.parse(config | {'seeds': '0:1'})))}"
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump(config))
    return suite.parse(config)


def answered(plan: suite.Suite) -> suite.Suite:
    """With the digests that its rows must carry."""
    return dataclasses.replace(plan, digests=digests.work_out(plan))


def make_up(plan: suite.Suite, folder: Path) -> int:
    """The files of all jobs; returns the number of points."""
    reference = records.read_rows(REFERENCE)
    total = 0
    for job in plan.jobs:
        like = [row for row in reference if row.method == job.method] or reference
        rows = []
        for n, (key, digest) in enumerate(plan.wanted(job).items()):
            assert digest is not None, f"{key} cannot be built"
            own = {name: getattr(error_row(job, key, ""), name) for name in OWN}
            rows.append(dataclasses.replace(like[(n + job.chunk) % len(like)], **own, spec="", spec_hash=digest))
        points = [point for row in rows if row.passes > 0 for point in _curve(row)]
        records.write_rows(folder / job.folder / "runs.csv", rows)
        write_points(folder / job.folder / "curves.parquet", points)
        total += len(points)
    return total


def _curve(row: records.Row) -> Iterator[records.Point]:
    for k in range(1, POINTS + 1):
        key = row.task, row.lag, row.method, row.seed
        yield records.Point(*key, k * row.passes / POINTS, k, 1 / k, 1 / k, 1 / k, k * row.seconds / POINTS)


def _measured(step: str, size: str, words: list[str | Path]) -> Step:
    """Runs `python -m WORDS` and asks what it took.

    Raises:
        RuntimeError: it failed.
    """
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    began, command = time.monotonic(), [sys.executable, "-m", *map(str, words)]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"PATH": path}, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{step} ended with {process.returncode}: {' '.join(command)}")
    cpu, peak = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024  # Linux counts in KiB
    return Step(step, size, cpu, time.monotonic() - began, peak)


if __name__ == "__main__":
    sys.exit(main())
