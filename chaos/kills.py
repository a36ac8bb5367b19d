"""kill -9 of random processes of a suite's run, at random times, and restarts until the suite is complete.

At the end `runs.csv` and `curves.parquet` must be those of a run that nobody disturbed, but for volatile columns; and
at no time may a rung that was finished have gone or changed.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import psutil

from chaos.tally import Tally
from longlag.rng import stream
from longlag.store import records
from longlag.store.curves import read_points

ROOT = Path(__file__).parents[1]
EVERY = 1.0  # seconds between checkpoints: the suite is small, and what a kill costs is measured
SUITE = {
    "suite": "storm",
    "title": "Storm",
    "seeds": "0:2",
    "seeds_per_job": 2,
    "budget": 50_000,
    "lags": [10, 12],
    "methods": {"lstm": {"cell.hidden": 8}},
    "cells": [
        {"methods": ["clipping", "lstm"], "tasks": ["adding"]},
        {"methods": ["esn"], "tasks": ["adding", "xor"], "group": "all"},
    ],
}
WANTED = ["results/storm/runs.csv", "results/storm/curves.parquet"]
# Which process is hit (the verb of `longlag`, or snakemake itself), how often that is tried, and how long a kill waits
# once there is such a process, on average, as a share of what the suite takes undisturbed.
TARGETS = {"ladder": (0.65, 0.15), "snakemake": (0.2, 0.3), "collect": (0.15, 0.02)}
_LONGEST = 1800.0  # seconds that one call of snakemake may take


@dataclass
class Storm:
    """A folder in which a suite is run again and again.

    lost: per killed training job that had saved something, seconds since it last did. early: per one that had not,
    seconds since it began, most of which it spends on imports.
    """

    folder: Path
    draw: np.random.Generator
    tally: Tally
    lost: list[float] = field(default_factory=list)
    early: list[float] = field(default_factory=list)
    rungs: dict[Path, bytes] = field(default_factory=dict)
    locked: bool = False

    def start(self) -> subprocess.Popen[bytes]:
        """A run of the suite, in a session of its own; what a killed snakemake left locked is unlocked."""
        flags = ["--snakefile", str(ROOT / "chaos/Snakefile"), "--directory", str(self.folder)]
        flags += ["--configfile", str(self.folder / "storm.yaml"), "--workflow-profile", str(ROOT / "profiles/default")]
        words = [sys.executable, "-m", "snakemake", *WANTED, *flags]
        env = os.environ | {
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "LONGLAG_CHECKPOINT_EVERY": str(EVERY),
            "PYTHONPATH": str(ROOT / "src"),
        }
        log = (self.folder / "snakemake.log").open("ab")
        with log:
            if self.locked:
                subprocess.run([*words, "--unlock"], env=env, stdout=log, stderr=log, cwd=self.folder)
                self.locked = False
            return subprocess.Popen(
                [*words, "--cores", "2"], env=env, stdout=log, stderr=log, cwd=self.folder, start_new_session=True
            )

    def kill(self, run: subprocess.Popen[bytes], target: str, wait: float) -> str:
        """Waits for a process of that kind, and a moment more, and kills it. Returns what was hit, or ""."""
        while run.poll() is None:
            found = [process for process in processes(run.pid) if verb(process) == target]
            if found:
                victim = found[int(self.draw.integers(len(found)))]
                return self._hit(run, victim, target, wait)
            time.sleep(0.05)
        return ""

    def _hit(self, run: subprocess.Popen[bytes], victim: psutil.Process, target: str, wait: float) -> str:
        try:
            words = victim.cmdline()
            began = victim.create_time()
            until = time.monotonic() + wait
            while time.monotonic() < until:  # psutil's own wait would take the exit code of snakemake away from Popen
                if run.poll() is not None or victim.status() == psutil.STATUS_ZOMBIE:
                    return ""  # it was done before its time
                time.sleep(0.02)
            victim.kill()
        except psutil.NoSuchProcess:
            return ""
        if target == "ladder":
            self._count(time.time(), began, max([0.0, *self._saved(words)]))
        if target != "snakemake":
            return target
        self.locked = True
        if self.draw.random() < 0.5:
            return "snakemake alone"  # its jobs keep running
        for process in orphans(self.folder):  # a power cut
            with _silent():
                process.kill()
        return "snakemake and all its jobs"

    def _count(self, now: float, began: float, saved: float) -> None:
        if saved > began:
            self.lost.append(now - saved)
        else:
            self.early.append(now - began)

    def _saved(self, words: list[str]) -> list[float]:
        """When the job last put something in safety."""
        method = words[words.index("--method") + 1]
        kept = [path for path in (self.folder / "results/storm/rungs").glob(f"*/{method}/*") if path.name[0] != "."]
        times = []
        for path in kept:
            with _silent():
                times.append(path.stat().st_mtime)
        return times

    def check_rungs(self) -> None:
        """No finished rung has gone or changed."""
        for path, content in self.rungs.items():
            if not path.is_file() or path.read_bytes() != content:
                self.tally.fault(f"the finished rung {path.name} was lost or changed by a kill")
        found = (self.folder / "results/storm/rungs").glob("*/*/lag*.json")
        self.rungs |= {path: path.read_bytes() for path in found if path not in self.rungs}

    def to_the_end(self) -> bool:
        """Calls snakemake until it has nothing to do; False if it does not get there."""
        for _ in range(6):
            for process in orphans(self.folder):
                with _silent():
                    process.wait(timeout=_LONGEST)
            if self.start().wait(timeout=_LONGEST) == 0:
                return True
        return False


def campaign(folder: Path, kills: int, seed: int, deadline: float) -> Tally:
    """Kills that often, over as many runs of the suite as it takes, and compares each complete run with a quiet one."""
    tally, draw = Tally("kills"), stream(seed, "chaos", "kills")
    calm = _storm(folder / "calm", draw, tally)
    began = time.monotonic()
    if not calm.to_the_end():
        tally.fault(f"the undisturbed run failed; see {calm.folder / 'snakemake.log'}")
        return tally
    takes = time.monotonic() - began
    tally.notes.append(f"the suite takes {takes:.0f} s undisturbed")
    wanted, left = outcome(calm.folder), 0
    storms: list[Storm] = []
    while tally.tried - len(tally.faults) < kills and time.monotonic() < deadline:
        storm = _storm(folder / f"storm{len(storms)}", draw, tally)
        if not _disturb(storm, kills, deadline, takes) and not storm.to_the_end():
            tally.fault(f"the run did not finish; see {storm.folder / 'snakemake.log'}")
            break
        storm.check_rungs()
        for name, content in outcome(storm.folder).items():
            if content != wanted[name]:
                tally.fault(f"{name} of {storm.folder} is not that of the undisturbed run")
        storms.append(storm)
        left += sum(1 for path in storm.folder.rglob("results/**/*") if path.suffix in (".ckpt", ".tmp"))
        if not tally.faults:
            shutil.rmtree(storm.folder)
    for what, seconds in (
        ("since a killed job last saved", [one for storm in storms for one in storm.lost]),
        ("since a job began that was killed before it saved", [one for storm in storms for one in storm.early]),
    ):
        if seconds:
            words = f"{len(seconds)} kills, median {np.median(seconds):.1f} s, most {max(seconds):.1f} s"
            tally.notes.append(f"{what}: {words} (checkpoints every {EVERY:g} s)")
    rungs = sum(len(storm.rungs) for storm in storms)
    tally.notes.append(
        f"{len(storms)} runs of the suite went to their end and were compared; {left} stray files in them"
    )
    tally.notes.append(f"{rungs} finished rungs were watched")
    return tally


def _disturb(storm: Storm, kills: int, deadline: float, takes: float) -> bool:
    """Kills during one run of the suite, restarting it each time it ends, until enough was hit or it is complete.

    Returns whether it is complete.
    """
    run = storm.start()
    names = list(TARGETS)
    while storm.tally.tried - len(storm.tally.faults) < kills and time.monotonic() < deadline:
        target = names[storm.draw.choice(len(names), p=[share for share, _ in TARGETS.values()])]
        wait = float(storm.draw.exponential(TARGETS[target][1] * takes))
        if hit := storm.kill(run, target, wait):
            storm.tally.add(hit if "snakemake" in hit else f"longlag {hit}")
            print(f"chaos: kill {storm.tally.tried}: {hit} in {storm.folder.name}", file=sys.stderr, flush=True)
            storm.check_rungs()
        if run.poll() is not None:
            if run.returncode == 0:
                return True
            run = storm.start()
    run.send_signal(signal.SIGKILL)
    run.wait()
    storm.locked = True
    return False


def _storm(folder: Path, draw: np.random.Generator, tally: Tally) -> Storm:
    folder.mkdir(parents=True)
    (folder / "storm.yaml").write_text(json.dumps(SUITE))
    return Storm(folder, draw, tally)


def outcome(folder: Path) -> dict[str, list[str]]:
    """All of runs.csv and curves.parquet that may not differ."""
    rows = records.read_rows(folder / "results/storm/runs.csv")
    points = read_points(folder / "results/storm/curves.parquet")
    volatile = {*records.VOLATILE, "seconds"}
    return {
        name: [repr([value for key, value in asdict(item).items() if key not in volatile]) for item in items]
        for name, items in (("runs.csv", rows), ("curves.parquet", points))
    }


def processes(pid: int) -> list[psutil.Process]:
    """A process and its descendants."""
    with _silent():
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    return []


def orphans(folder: Path) -> list[psutil.Process]:
    """Processes of `longlag` and its shells that work in that folder, whoever their parent is."""
    found = []
    for process in psutil.process_iter():
        with _silent():
            if process.pid != os.getpid() and process.cwd() == str(folder) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def verb(process: psutil.Process) -> str:
    """The verb of `longlag` that a process runs, "snakemake", or "" for shells and all else."""
    with _silent():
        words = process.cmdline()
        if "snakemake" in words[1:3] and "-m" in words[1:2]:
            return "snakemake" if "--unlock" not in words else ""
        names = [Path(word).name for word in words[:3]]
        return words[names.index("longlag") + 1] if "longlag" in names[:2] else ""
    return ""


class _silent:
    """Processes and files come and go while they are looked at."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: object, trace: object) -> bool:
        return isinstance(error, psutil.Error | OSError | IndexError)
