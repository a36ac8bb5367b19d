"""`longlag show`: the definition of a method or a task."""

from __future__ import annotations

import argparse
import itertools

from longlag.cli import _arguments

HELP = "show a method's parts and numbers, or a task's definition and baselines"
_MAX_VALUES = 8  # that are listed one by one
EXAMPLE = "longlag show hf --task temporal_order --lag 50"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="METHOD|TASK", help="a name from `longlag list`")
    parser.add_argument("--task", help="build the method's parts for this task (default: for each)")
    parser.add_argument("--lag", type=_arguments.lag, default=50, help="build the parts for this lag (default: 50)")
    _arguments.add_plugins(parser)


def run(args: argparse.Namespace) -> None:
    from longlag import registry
    from longlag.errors import unknown

    _arguments.load_plugins(args)
    if args.name in registry.names("methods"):
        _show_method(args.name, [args.task] if args.task else registry.names("tasks"), args.lag)
    elif args.name in registry.names("tasks"):
        _arguments.refuse_idle(args.task, "--task", "the name of a method")
        _show_task(args.name, args.lag)
    else:
        raise unknown("method or task", args.name, registry.names("methods") + registry.names("tasks"))


def _show_method(name: str, tasks: list[str], lag: int) -> None:
    from longlag import registry, settings
    from longlag.engine.spec import RunSpec, resolve

    method = registry.get("methods", name)
    print(
        f"{method.name} ({method.label}), numerics version {method.version}\n{method.summary}\n"
        f"reference: {method.reference}"
    )
    print("\n" + registry.document("methods", name))
    for task_name in tasks:
        parts = resolve(RunSpec(task_name, lag, name, (0,))).parts
        task = registry.get("tasks", task_name)
        print(f"\nfor {task_name} at lag {lag} (kind {task.traits.kind!r}); each line can be changed with --set:")
        for path in settings.paths(parts):
            print(f"  {path} = {_shown(_at(parts, path))}")
    if method.tune:
        print(
            "\ndeclared search space:",
            ", ".join(f"{path} in [{r.low:g}, {r.high:g}]" for path, r in method.tune.items()),
        )


def _show_task(name: str, lag: int) -> None:
    from longlag import registry
    from longlag.tasks.base import check_lag

    task = registry.get("tasks", name)
    check_lag(task, lag)
    print(f"{task.name}, generator version {task.version}\nreference: {task.reference}")
    print("\n" + registry.document("tasks", name))
    traits = task.traits
    print(
        f"\nkind {traits.kind}; inputs {', '.join(traits.roles)}; {traits.scored or 'all'} scored step(s); "
        f"shortest lag {task.shortest}"
    )
    print(f"at lag {lag}: {task.steps(lag)} steps, minimal lag {task.minimal_lag(lag)}; loss {task.loss.name}")
    print(
        "solved: at most 1 % of 10,000 fresh sequences wrong"
        + ("" if not task.population else f"; here none of all {task.population}")
    )
    for baseline, answer in task.baselines.items():
        print(f"{baseline}: {answer.meaning}: {answer.error:.1%} wrong, loss {answer.loss:.4f}")


def _at(part: object, path: str) -> object:
    for name in path.split("."):
        part = getattr(part, name)
    return part


def _shown(value: object) -> str:
    """A setting's value; long lists are shortened to their distinct values.

    >>> _shown((0.5, 0.5)), _shown((0.0,) * 98 + (0.5, 1.0))
    ('(0.5, 0.5)', '100 values: 98 x 0, 0.5, 1')
    """
    if not isinstance(value, tuple) or len(value) <= _MAX_VALUES or not all(isinstance(x, float) for x in value):
        return repr(value)
    groups = [(item, len(list(same))) for item, same in itertools.groupby(value)]
    if len(groups) > _MAX_VALUES:
        return repr(value)
    listed = (f"{count} x {item:.4g}" if count > 1 else f"{item:.4g}" for item, count in groups)
    return f"{len(value)} values: {', '.join(listed)}"
