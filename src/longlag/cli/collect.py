"""`longlag collect`: joins the rows and curves of all jobs of a suite."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

from longlag.cli import _arguments
from longlag.errors import say

HELP = "join the files of all jobs of a suite; runs without a row get one with status error"
EXAMPLE = "longlag collect --suite config/demo.yaml --jobs results/demo/jobs --out results/demo"

_REMEDY = "choose another folder with --out, or add --replace"


def configure(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--suite", required=True, metavar="SUITE", help="a name in config/, a suite's file, or results/NAME/suite.json")
    add("--jobs", required=True, type=Path, metavar="DIR", help="folder with the files of the jobs")
    add(
        "--out", required=True, type=Path, metavar="DIR", help="folder for runs.csv, curves.parquet and their data card"
    )
    add("--replace", action="store_true", help="replace the record of another suite, or a larger one, that is in DIR")
    _arguments.add_plugins(parser)


def run(args: argparse.Namespace) -> int:
    from longlag.design import collect, digests, kept
    from longlag.store import curves, datacard, files, records

    runs_path, curves_path = args.out / "runs.csv", args.out / "curves.parquet"
    for path in (runs_path, curves_path):
        files.check_writable(path)
    plan = _arguments.suite_of(args)
    if not args.replace:
        kept.refuse_loss(args.out, plan, _REMEDY, args.jobs)
    if plan.digests is None:
        plan = replace(plan, digests=digests.work_out(plan, args.plugin, _warn))
    rows, points = collect.collect(plan, args.jobs, _warn)
    at_home = Path(args.suite).resolve() == (args.out / "suite.json").resolve()  # as the workflow calls it
    if not args.replace and not at_home:
        kept.refuse_emptier(args.out, rows, args.jobs, _REMEDY)
    curves.write(curves_path, points)
    records.write_rows(runs_path, rows)
    datacard.write(args.out, plan.title)
    taken = Counter(row.origin for row in rows if row.origin)
    counts = sorted(Counter(row.status for row in rows).items())
    words = ", ".join(f"{count} {status}" for status, count in counts)
    print(f"{runs_path}: {len(rows)} rows ({words}), {len(points)} points of learning curves")
    for origin, count in sorted(taken.items()):
        print(f"reused from {origin}: {count} rows")
    if not at_home and not any(files.is_file(args.jobs / job.folder / "runs.csv") for job in plan.jobs):
        say(f"no job of the suite {plan.name!r} has files in {args.jobs}; is it the right folder?")
        return 1
    return 0


def _warn(line: str) -> None:
    print(line, file=sys.stderr)
