"""`longlag run`: a whole suite in one call of Snakemake, in the working directory."""

from __future__ import annotations

import argparse
import importlib.util
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

from longlag.cli import _arguments
from longlag.errors import LonglagError

HELP = "run a suite: train, collect, draw and write the page, in results/SUITE (calls Snakemake)"
EXAMPLE = "longlag run demo --cores 2"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "suite",
        metavar="SUITE",
        help="demo, standard, flow, tuning, fresh, reservoirs, reference, or a suite's YAML file",
    )
    cores = "jobs that run at the same time (default: every core of this machine)"
    parser.add_argument("--cores", type=_arguments.count("number of cores"), metavar="N", help=cores)
    parser.add_argument("--dry-run", action="store_true", help="list what would run, and run nothing")


def run(args: argparse.Namespace) -> int:
    from longlag import resources
    from longlag.design import suite

    if importlib.util.find_spec("snakemake") is None:
        raise LonglagError(f"`longlag run` calls Snakemake: {sys.executable} -m pip install 'longlag[workflow]'")
    path = Path(args.suite)
    if path.suffix in (".yaml", ".yml", ".json"):
        found, config = suite.read(path), ["--configfile", args.suite]
    else:
        found = suite.find({"suite": args.suite}, [Path("config"), resources.find("config")])
        config = ["--config", f"suite={args.suite}"]
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(resources.find("Snakefile"))]
    command += [
        "--cores",
        str(args.cores or os.cpu_count() or 1),
        *config,
        *["--dry-run"] * args.dry_run,
        *["--quiet", "all"] * args.quiet,
    ]
    code = _call(command)
    page = Path("results", found.name, "tuning.md" if found.search else "report.html").resolve()
    if code == 0 and not args.dry_run:
        print(f"the chosen settings are in {page}" if found.search else f"open {page} in a browser")
    return int(code != 0)


def _call(command: list[str]) -> int:
    """Runs Snakemake to its end. Ctrl-C in a terminal reaches it anyway; SIGTERM is passed on."""
    with subprocess.Popen(command) as child:

        def pass_on(number: int, frame: FrameType | None) -> None:
            if number == signal.SIGTERM:
                child.terminate()

        before = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            return child.wait()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
