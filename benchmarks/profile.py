"""Where a job's time goes: cProfile of one run, own and cumulative CPU seconds by function of longlag.

    python -m benchmarks.profile METHOD TASK LAG BUDGET [OUT]

It uses the environment of a job. Times are process CPU seconds. cProfile slows small Python functions by up to a third,
so read the shares rather than the sums. Code outside longlag is charged to the function that called it.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import sys
import time
from pathlib import Path
from typing import Any

from longlag import environment

environment.set_environment()

LINES = 22


def profile(method: str, task: str, lag: int, budget: float) -> str:
    """A table of the functions that cost most, cumulatively."""
    from longlag.engine import train
    from longlag.engine.provenance import provenance
    from longlag.engine.spec import RunSpec

    spec = RunSpec(task, lag, method, (0,), budget)
    profiler, rows = cProfile.Profile(time.process_time), []
    profiler.enable()
    for event in train.run(spec):
        rows.append(event)
    profiler.disable()
    row: Any = rows[-1]
    where = provenance("cpu")
    head = [
        f"{method} on {task}, lag {lag}, seed 0: {row.updates} updates, {row.passes:g} passes, {row.status}",
        f"commit {where['commit']}; {where['cpu']}; {where['blas']}; torch {where['torch']}, numpy {where['numpy']}",
    ]
    return "\n".join([*head, "", *table(pstats.Stats(profiler))]) + "\n"


def table(stats: pstats.Stats) -> list[str]:
    """Functions of longlag by cumulative time; their calls outside longlag count as their own time."""
    entries: dict[Any, Any] = vars(stats)["stats"]  # key -> calls, primitive calls, own, cumulative, callers
    total = sum(own for _, _, own, _, _ in entries.values())
    own_of = {key: entry[2] for key, entry in entries.items() if _is_ours(key)}
    for key in entries.keys() - own_of.keys():
        for caller, (*_, own, _) in entries[key][4].items():
            holder = _ours_above(caller, entries)
            if holder is not None:
                own_of[holder] += own
    ours = sorted((key for key in entries if _is_ours(key)), key=lambda key: -entries[key][3])
    lines = [f"total {total:.2f} CPU s under the profiler", "", "  cumulative   share       own     calls  function"]
    for key in ours[:LINES]:
        calls, _, _, cumulative, _ = entries[key]
        lines.append(f"{cumulative:10.2f} s {cumulative / total:7.1%} {own_of[key]:7.2f} s {calls:9d}  {_name(key)}")
    return lines


def _ours_above(key: Any, entries: dict[Any, Any]) -> Any:
    """The function of longlag that made a call, found by the most expensive callers; None at the top."""
    for _ in range(40):
        if _is_ours(key):
            return key
        callers = entries.get(key, (0, 0, 0, 0, {}))[4]
        if not callers:
            return None
        key = max(callers, key=lambda caller: callers[caller][3])
    return None


def _is_ours(key: Any) -> bool:
    return "/longlag/" in key[0]


def _name(key: Any) -> str:
    path, line, function = key
    return f"{path.rsplit('/longlag/', 1)[1]}:{line} {function}"


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profile", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("method")
    parser.add_argument("task")
    parser.add_argument("lag", type=int)
    parser.add_argument("budget", type=float, help="sequence passes")
    parser.add_argument("out", nargs="?", type=Path, help="file for the table, which is printed too")
    given = parser.parse_args(arguments)
    text = profile(given.method, given.task, given.lag, given.budget)
    if given.out:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(text)
    print(text)


if __name__ == "__main__":
    main(sys.argv[1:])
