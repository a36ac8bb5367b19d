"""Arms that take turns: rounds of [ours, peer, peer with our environment], and the median of each round's ratios.

The two workers (`worker.py`) are processes of this one; each sleeps while the other computes. Ratios are taken within
a round, so that a slow minute of the machine affects both sides.
"""

from __future__ import annotations

import csv
import json
import math
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Self

ROOT = Path(__file__).parents[1]
STANDARD = ROOT / "results/benchmarks/standard_runs.csv.gz"  # rows of config/standard.yaml, of older recipes
_OWN = ("THP_MEM_ALLOC_ENABLE", "MKL_CBWR", "OPENBLAS_CORETYPE", "CUBLAS_WORKSPACE_CONFIG")  # longlag.environment
_ALLOCATOR = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_TOP_PAD_")
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class WorkerError(Exception):
    """What went wrong in a worker, in one line."""


class Worker:
    """A worker process and its pipes."""

    def __init__(self, environment: str, source: str = "") -> None:
        """source: the folder to import longlag from, if not this process's."""
        kept = {name: value for name, value in os.environ.items() if name not in (*_OWN, *_ALLOCATOR)}
        kept |= {"PYTHONPATH": source} if source else {}
        command = [sys.executable, "-m", "benchmarks.worker", environment]
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=kept | dict.fromkeys(_THREADS, "1"),
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def request(self, verb: str, **words: Any) -> dict[str, Any]:
        """Asks and waits.

        Raises:
            WorkerError: the function raised, or the process ended.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            print(json.dumps({"do": verb, **words}), file=self._process.stdin, flush=True)
            line = self._process.stdout.readline()
        except OSError:  # a pipe that nobody reads
            line = ""
        if not line:
            raise WorkerError("the worker ended")
        answer = json.loads(line)
        if "error" in answer:
            raise WorkerError(answer["error"])
        return answer

    def ask(self, call: str, **kwargs: Any) -> Any:
        """The value of `module:function(**kwargs)`."""
        return self.request("ask", call=call, kwargs=kwargs)["value"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()


@dataclass(frozen=True)
class Side:
    """`module:function(**kwargs)`, an `Arm`; its time counts `multiple` times."""

    call: str
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    multiple: float = 1.0


@dataclass(frozen=True)
class Effort:
    """How long a comparison may take. seconds: per turn. times: if not 0, pieces of work per turn instead."""

    rounds: int = 9
    seconds: float = 0.15
    times: int = 0


@dataclass(frozen=True)
class Times:
    """CPU seconds per piece of work, one number per round."""

    ours: list[float]
    peer: dict[str, list[float]]  # by environment


def compare(
    workers: Mapping[str, Worker], ours: Side, peer: Side, environments: tuple[str, ...], effort: Effort
) -> Times:
    """Builds both sides, times them in turns and drops them. Every second round runs backwards."""
    turns = [("ours", "our side", ours), *((name, "peer", peer) for name in environments)]
    try:
        first = [workers[w].request("build", key=key, call=s.call, kwargs=dict(s.kwargs)) for w, key, s in turns]
        counts = [effort.times or _count(effort.seconds, built["seconds"]) for built in first]
        times: list[list[float]] = [[] for _ in turns]
        for r in range(effort.rounds):
            for i in sorted(range(len(turns)), reverse=bool(r % 2)):
                name, key, side = turns[i]
                seconds = workers[name].request("measure", key=key, times=counts[i])["seconds"]
                times[i].append(seconds * side.multiple)
    finally:
        for worker in workers.values():
            with suppress(WorkerError):  # one that has ended holds nothing
                worker.request("drop")
    return Times(times[0], dict(zip(environments, times[1:], strict=True)))


def _count(seconds: float, each: float) -> int:
    return min(1000, max(1, math.ceil(seconds / max(each, 1e-6))))


def ratios(ours: list[float], peer: list[float], inverse: bool = False, factor: float = 1.0) -> list[float]:
    """factor * peer / ours of each round, or factor * ours / peer."""
    return [factor * (o / p if inverse else p / o) for o, p in zip(ours, peer, strict=True)]


def spread(values: list[float]) -> tuple[float, float, float]:
    """Median and quartiles; of one value, that value three times."""
    if len(values) < 2:
        return (values[0],) * 3
    low, _, high = quantiles(values, n=4, method="inclusive")
    return median(values), low, high


def write(path: Path, kind: type, items: Sequence[Any]) -> None:
    """Dataclasses as csv; numbers with four digits."""
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([f.name for f in fields(kind)])
        writer.writerows([_text(value) for value in asdict(item).values()] for item in items)


def _text(value: object) -> object:
    return f"{value:.4g}" if isinstance(value, float) else value
