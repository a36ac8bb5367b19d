"""`longlag jobs`: the jobs of a suite as commands, one a line, for machines without Snakemake."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from longlag.cli import _arguments, _jobs

if TYPE_CHECKING:
    from longlag.design.suite import Suite

HELP = (
    "print the jobs of a suite as commands, one a line, for a machine without Snakemake; `longlag collect` joins them"
)
EXAMPLE = "longlag jobs demo --folder results/demo"


def configure(parser: argparse.ArgumentParser) -> None:
    _arguments.add_suite(parser)
    folder = "where the jobs write: jobs/, and rungs/ for finished rungs and checkpoints (default: results/SUITE)"
    parser.add_argument("--folder", type=Path, metavar="DIR", help=folder)


def run(args: argparse.Namespace) -> None:
    plan = _arguments.suite_of(args)
    folder = args.folder or Path("results", plan.name)
    for line in commands(plan, folder):
        print(line)


def commands(plan: Suite, folder: Path) -> list[str]:
    """One command for each job, quoted for a shell; each resumes if it is called again."""
    reuse = [f"--reuse={path}" for path in plan.reuse]
    return [shlex.join(["longlag", *_jobs.words(job, folder), *reuse]) for job in plan.jobs]
