"""`longlag run`: a whole suite in one call of Snakemake, in the working directory."""

from __future__ import annotations

import argparse
import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType, MappingProxyType
from typing import TYPE_CHECKING, Any

from longlag.cli import _arguments
from longlag.engine.interrupt import Interrupted
from longlag.errors import LonglagError, say

if TYPE_CHECKING:
    from longlag.design.suite import Suite

HELP = "run a suite: train, collect, draw and write the page, in results/SUITE (calls Snakemake)"
EXAMPLE = "longlag run demo --cores 2"
_HANGUP = getattr(signal, "SIGHUP", None)  # Windows has none


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "suite",
        metavar="SUITE",
        help="demo, standard, flow, tuning, tuning_far, fresh, fresh_final, budget, far, reservoirs, "
        "lstm_lag, reference, reference_full, or a suite's YAML file",
    )
    cores = "jobs that run at the same time (default: every core of this machine)"
    parser.add_argument("--cores", type=_arguments.count("number of cores"), metavar="N", help=cores)
    parser.add_argument("--dry-run", action="store_true", help="list what would run, and run nothing")
    unlock = "remove the lock of a call of Snakemake that was killed, and run nothing"
    parser.add_argument("--unlock", action="store_true", help=unlock)
    replace = "replace the record of another suite, or a larger one, that is in results/SUITE"
    parser.add_argument("--replace", action="store_true", help=replace)


def run(args: argparse.Namespace) -> int:
    from longlag.design import digests, kept
    from longlag.words import count

    if importlib.util.find_spec("snakemake") is None:
        raise LonglagError(
            f"`longlag run` calls Snakemake, which is missing: {sys.executable} -m pip install snakemake"
        )
    found = _arguments.suite_of(args)
    command = _command(args)
    if args.unlock:
        return int(_call(command) != 0)
    folder = Path("results", found.name)
    if not args.dry_run:
        if not args.replace:
            kept.refuse_loss(folder, found, "work in another folder, give the suite another name, or add --replace")
        _refuse_running_jobs(folder)
    if not args.quiet:
        say(f"planning {count(len(found.expected()), 'run')} of {found.name}")
    here = not args.dry_run  # a fault of this machine stops nothing that is not started
    with tempfile.TemporaryDirectory() as scratch:  # worked out here: Snakemake shows a traceback around a fault
        found_digests = digests.work_out(found, found.plugins, say, here)
        code = _call(command, digests.hand_on(Path(scratch, "digests.json"), found, found.plugins, found_digests, here))
    if args.dry_run:
        return int(code != 0)
    if code == 0:
        print(_made(found, folder))
    elif any(Path(".snakemake/locks").glob("*.lock")):  # Snakemake removes its own, unless it is killed
        remedy = f"if no other Snakemake runs here: longlag run {args.suite} --unlock, then run the same command again"
        say(f"this folder is locked by another call, or by one that was killed; {remedy}")
    return int(code != 0)


def _command(args: argparse.Namespace) -> list[str]:
    """The call of Snakemake."""
    from longlag import resources

    command = [sys.executable, "-P", "-m", "snakemake", "--snakefile", str(resources.find("Snakefile"))]
    command += ["--cores", str(args.cores or os.cpu_count() or 1)]
    keys = []  # of one --config: Snakemake takes the last of several
    if Path(args.suite).suffix:
        command += ["--configfile", args.suite]
    else:
        keys.append(f"suite={args.suite}")
    if args.replace:
        keys.append("replace=true")
    if keys:
        command += ["--config", *keys]
    if args.dry_run:
        command.append("--dry-run")
    if args.unlock:
        command.append("--unlock")
    if args.quiet:
        command += ["--quiet", "all"]
    return command


def _made(plan: Suite, folder: Path) -> str:
    """Where the outcome of a suite is."""
    if plan.paper:
        from longlag.design import stages

        return f"open {(stages.RECORDS / plan.paper / stages.PAGE).resolve()} in a browser"
    if plan.search:
        return f"the chosen settings are in {(folder / 'tuning.md').resolve()}"
    return f"open {(folder / 'report.html').resolve()} in a browser"


def _refuse_running_jobs(folder: Path) -> None:
    """Snakemake would delete what jobs of an earlier call are about to write, and draw their runs as errors."""
    from longlag.store import lock

    holders = sorted({holder for path in folder.glob("jobs/**/.runs.csv.lock") if (holder := lock.holder(path))})
    if holders:
        remedy = "wait for them, or end them (kill PID: each saves a checkpoint), and run the same command again"
        raise LonglagError(f"jobs of an earlier call still run: process {', '.join(holders)}; {remedy}")


def _call(command: list[str], more: Mapping[str, str] = MappingProxyType({})) -> int:
    """Runs Snakemake to its end, in a process group of its own, so that it and its jobs get each signal once.

    more: variables of its environment.

    Raises:
        Interrupted: a signal asked this process to end. The group got SIGINT; at SIGTERM Snakemake waits for its jobs.
    """
    noted: list[int] = []
    children: list[subprocess.Popen[bytes]] = []  # none yet while Snakemake starts

    def end(number: int, frame: FrameType | None) -> None:
        noted.append(number)
        for child in children:
            _interrupt(child)

    def pause(number: int, frame: FrameType | None) -> None:
        for child in children:
            os.killpg(child.pid, signal.SIGSTOP)
            os.kill(os.getpid(), signal.SIGSTOP)  # returns when the shell continues this process
            os.killpg(child.pid, signal.SIGCONT)

    handlers = {signal.SIGINT: end, signal.SIGTERM: end}
    if os.name != "nt":
        handlers |= {signal.SIGHUP: end, signal.SIGTSTP: pause}
    group = None if os.name == "nt" else 0
    beside = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    # The rules call the `longlag` beside this interpreter, and give remedies in the words of this verb.
    environment = {**os.environ, **more, "PATH": beside, "LONGLAG_RUN": "1"}
    with _handling(handlers), subprocess.Popen(command, process_group=group, env=environment) as child:
        children.append(child)
        if noted:  # before that
            _interrupt(child)
        code = child.wait()
    if noted:
        raise Interrupted(noted[0])
    return code


def _interrupt(child: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        if os.name == "nt":  # Ctrl-C reaches all processes of a console by itself
            child.terminate()
        else:
            os.killpg(child.pid, signal.SIGINT)


@contextmanager
def _handling(handlers: dict[signal.Signals, Any]) -> Iterator[None]:
    """Handles signals inside the block, apart from SIGHUP under nohup."""
    before = {number: signal.getsignal(number) for number in handlers}
    own = {number for number in handlers if (number, before[number]) != (_HANGUP, signal.SIG_IGN)}
    for number in own:
        signal.signal(number, handlers[number])
    try:
        yield
    finally:
        for number in own:
            signal.signal(number, before[number])
