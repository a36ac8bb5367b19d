"""The memory of a training job: `python -m benchmarks.footprint > results/reference/memory.csv`. A quarter of an hour.

The peak resident memory of `longlag train`, imports included, over a few updates and all evaluations. Memory grows with
the length of the sequences; it stops growing with time once everything is allocated. `longlag.design.estimate` computes
the memory requests of cluster jobs from these numbers. There are two tasks: one with few inputs and outputs, and one
with many.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile

from longlag import registry

TASKS = ("adding", "memorization_20bit")
LAGS = (20, 200)
BUDGET = 2000  # sequence passes


def footprint(method: str, task: str, lag: int) -> float:
    """Megabytes."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["--task", task, "--method", method, "--lag", str(lag), "--budget", str(BUDGET)]
        command = [sys.executable, "-m", "longlag", "train", *words, "--out", f"{folder}/runs.csv"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    return usage.ru_maxrss / 1024  # Linux counts in KiB


def main() -> None:
    print("method,task,lag,megabytes")
    for method in registry.names("methods"):
        for task in TASKS:
            for lag in LAGS:
                print(f"{method},{task},{lag},{footprint(method, task, lag):.0f}", flush=True)


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()  # --help runs nothing
    main()
