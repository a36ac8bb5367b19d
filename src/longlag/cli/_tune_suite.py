"""`longlag tune --suite`: chooses settings from the runs of a finished search, and writes them down with all trials."""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longlag.cli import _arguments, _tuning_page, design
from longlag.errors import LonglagError

if TYPE_CHECKING:
    from longlag.design.suite import Suite
    from longlag.engine.selection import Choice
    from longlag.engine.trials import Entry, Key


def run(args: argparse.Namespace) -> int:
    """Returns 1 if runs are missing: their methods are left out."""
    from longlag.design import tuned
    from longlag.engine import trials
    from longlag.store import files, records

    _arguments.load_plugins(args)
    plan, folder = _searched(args.suite)
    if args.runs is None and not files.is_file(records.rows_in(folder)):
        raise LonglagError(
            f"{folder} has no runs.csv; run `longlag run {args.suite}` first, or name its results: --runs RUN"
        )
    runs = _arguments.runs_file(args.runs or folder)
    out = Path(args.out or folder)
    kept, page = out / "trials.csv", out / "tuning.md"
    frozen = Path(args.tuned or f"config/tuned/{plan.name}.yaml")
    for path in (kept, page, frozen):
        files.check_writable(path)
    rows = records.read_rows(runs)
    found, missing = trials.of_record(rows, runs.with_name("curves.parquet"), entries(plan))
    lost = _lost(missing)
    choices = choose([trial for trial in found if trial.method not in lost], (plan.search or {}).get("finalists"))
    for method, line in lost.items():
        print(f"left out: {method}, {line}")
    if not choices:
        raise LonglagError(f"{runs} has all runs of no method; train the rest of {plan.name}, then choose")
    trials.write(kept, found)
    tuned.write(frozen, document(plan, choices, trials.commits(rows)))
    files.write_atomically(page, _tuning_page.render(plan, choices, frozen).encode())
    for choice in choices:
        print(_tuning_page.line(choice))
    print(f"{kept}: {len(found)} trials; {page}; {frozen}")
    return int(bool(lost))


def _searched(name: str) -> tuple[Suite, Path]:
    """The search that a name, a file or a folder means, and the folder of its results."""
    from longlag.design import search
    from longlag.store import files

    path = Path(name)
    inside = path / "suite.json"
    plan = _arguments.suite_of(argparse.Namespace(suite=str(inside) if files.is_file(inside) else name))
    if plan.search is None:
        raise LonglagError(f"suite {plan.name!r} is no search; give it `{search.EXAMPLE}`")
    if "grid" in plan.search:
        raise LonglagError(f"suite {plan.name!r} searches a grid; `longlag paper NAME --add RUN` chooses")
    return plan, path if files.is_file(inside) else Path("results", plan.name)


def entries(plan: Suite) -> dict[Key, Entry]:
    """Every run of a search, with the digest that its row must have."""
    from longlag.engine.trials import Entry

    digests = design.digests_of(plan)
    return {
        key: Entry(job.base, job.candidate or 0, digests[job.folder.as_posix()][key[0]][str(key[2])])
        for job in plan.jobs
        for key in job.runs()
    }


def choose(found: list[Any], finalists: Mapping[str, Any] | None = None) -> list[Choice]:
    """The choice of every method, sorted by name. finalists: what an earlier search chose, whose final this is."""
    from longlag.engine import selection

    by_method: dict[str, list[Any]] = defaultdict(list)
    for trial in found:
        by_method[trial.method].append(trial)
    before = finalists["methods"] if finalists else {}
    earlier = {method: selection.Earlier(**chosen["candidates"]) for method, chosen in before.items()}
    return [selection.choose(method, by_method[method], earlier.get(method)) for method in sorted(by_method)]


def _lost(missing: dict[Key, Entry]) -> dict[str, str]:
    """The methods that miss runs, and what they miss: they would have fewer candidates than the others."""
    from longlag.design.job import in_words

    by_method: dict[str, list[Key]] = defaultdict(list)
    for key, entry in sorted(missing.items(), key=lambda item: item[1].method):
        by_method[entry.method].append(key)
    return {
        method: f"of which {len(keys)} runs have no row of the suite's spec, such as {in_words(min(keys))}"
        for method, keys in by_method.items()
    }


def document(plan: Suite, choices: list[Choice], commits: list[str]) -> dict[str, Any]:
    """What `config/tuned/NAME.yaml` holds."""
    from longlag.store.files import checksum

    every = [trial for choice in choices for runs in choice.trials.values() for of in runs.values() for trial in of]
    assert plan.search is not None
    final = plan.search.get("finalists")
    search = {
        "suite": plan.name,
        **({"final_of": final["search"]} if final else {"candidates": plan.search["candidates"]}),
        "seeds": sorted({trial.seed for trial in every}),
        "lags": sorted({trial.lag for trial in every}),
        "passes": max(trial.budget for trial in every),
        "spent": {"passes": sum(trial.passes for trial in every), "cpu_seconds": round(sum(t.seconds for t in every))},
        "digest": checksum(sorted({trial.spec_hash for trial in every})),
        "commits": commits,
    }
    methods = {
        choice.method: {
            "version": next(trial.version for trials in choice.trials[0].values() for trial in trials),
            "candidates": {
                "one": choice.one or 0,
                "tasks": {task: number or 0 for task, number in choice.tasks.items()},
            },
            "one": choice.settings(choice.one),
            "tasks": {task: choice.settings(number, task) for task, number in choice.tasks.items()},
        }
        for choice in choices
    }
    return {"search": search, "methods": methods}
