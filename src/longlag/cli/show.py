"""`longlag show`: the definition of a method or a task."""

from __future__ import annotations

import argparse
from typing import NoReturn

from longlag.cli import _arguments, _catalogue, _plugins

HELP = "show a method's parts and numbers, or a task's definition and baselines"
EXAMPLE = "longlag show hf --task temporal_order --lag 50"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="METHOD|TASK", help="a name from `longlag list`")
    parser.add_argument("--task", help="build the method's parts for this task (default: for each)")
    lag = f"build the parts for this lag (default: {_catalogue.LAG}, or a task's shortest if that is longer)"
    parser.add_argument("--lag", type=_arguments.lag, help=lag)
    _arguments.add_plugins(parser)


def run(args: argparse.Namespace) -> None:
    from longlag import registry

    _arguments.load_plugins(args)
    shown = [args.task] if args.task else registry.names("tasks")
    if args.name in registry.names("methods"):
        _plugins.refuse_idle(args, [args.name], shown)
        _show_method(args.name, args.task, args.lag)
    elif args.name in registry.names("tasks"):
        _arguments.refuse_idle(args.task, "--task", "the name of a method")
        _plugins.refuse_idle(args, [], [args.name])
        _show_task(args.name, args.lag)
    else:
        _refuse(args.name)


def _refuse(name: str) -> NoReturn:
    """Raises LonglagError, which says what the name is of if it is of something else."""
    from longlag import figures, registry, resources, tables
    from longlag.errors import LonglagError, unknown

    suite = resources.root() / f"config/{name}.yaml"
    if suite.is_file():
        raise LonglagError(f"{name!r} is a suite: {suite} has it, and `longlag estimate {name}` its cost")
    for kind, names in (("figure", figures.names()), ("table", tables.names())):
        if name in names:
            raise LonglagError(
                f"{name!r} is a {kind}: `longlag {kind} {name} RUN --out DIR` makes it; `longlag list` prints the "
                "methods and tasks"
            )
    kinds = {other: kind for kind in ("methods", "tasks") for other in registry.names(kind)}
    fault = unknown("method or task", name, kinds, lambda other: registry.label(kinds[other], other))
    raise LonglagError(f"{fault}; `longlag list` prints all")


def _show_method(name: str, task: str | None, lag: int | None) -> None:
    """For every task at the usual lag the catalogue has the answer, unless there are plug-ins; else it is built."""
    from longlag import registry
    from longlag.words import join_words

    tasks = registry.names("tasks")
    usual = task is None and lag in (None, _catalogue.LAG) and tasks == registry.FOLDERS["tasks"].names()
    kept = _catalogue.kept("methods", name) if usual else None
    method = kept or _catalogue.method(name, [task] if task else tasks, lag)
    at = f"lag {_catalogue.LAG}" if kept else _lags([task] if task else tasks, lag)
    print(f"{name} ({method['label']}), numerics version {method['version']}\n{method['summary']}")
    print(f"reference: {method['reference']}\n\n{method['document']}")
    groups = {join_words(part["tasks"]): part["lines"].split("\n") for part in method["parts"]}
    same = [line for line in next(iter(groups.values())) if all(line in lines for lines in groups.values())]
    whose = next(iter(groups)) if len(groups) == 1 else "every task"
    print(f"\nfor {whose} at {at}; each line can be changed with --set:", *same, sep="\n")
    for names, lines in groups.items():
        if rest := [line for line in lines if line not in same]:
            print(f"for {names}:", *rest, sep="\n")
    if method["space"]:
        print(f"\ndeclared search space: {method['space']}")


def _lags(tasks: list[str], lag: int | None) -> str:
    """The lag at which each task is shown, in words: "lag 50 (far: 60, its shortest)"."""
    at = {task: _catalogue.lag_of(task, lag) for task in tasks}
    usual = min(at.values())
    longer = [f"{task}: {own}, its shortest" for task, own in at.items() if own > usual]
    return f"lag {usual} ({'; '.join(longer)})" if longer else f"lag {usual}"


def _show_task(name: str, lag: int | None) -> None:
    task = (_catalogue.kept("tasks", name) if lag in (None, _catalogue.LAG) else None) or _catalogue.task(name, lag)
    print(f"{name}, generator version {task['version']}\nreference: {task['reference']}\n\n{task['document']}\n")
    print("\n".join(task["lines"]))
