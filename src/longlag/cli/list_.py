"""`longlag list`: all methods and tasks."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from longlag.cli import _arguments

if TYPE_CHECKING:
    from longlag.methods.base import Method
    from longlag.tasks.base import Task

HELP = "list methods and tasks"
EXAMPLE = "longlag list --json"


def configure(parser: argparse.ArgumentParser) -> None:
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help='print {"methods": [...], "tasks": [...], "about": {...}}')
    form.add_argument("--markdown", action="store_true", help="the tables of docs/remedies.md: remedy, file, paper")
    _arguments.add_plugins(parser)


def run(args: argparse.Namespace) -> None:
    from longlag import registry

    _arguments.load_plugins(args)
    found = {kind: [registry.get(kind, name) for name in registry.names(kind)] for kind in ("methods", "tasks")}
    if args.json:
        about = {
            kind: {value.name: {"version": value.version, "reference": value.reference} for value in values}
            for kind, values in found.items()
        }
        print(json.dumps({kind: list(names) for kind, names in about.items()} | {"about": about}, indent=2))
        return
    if args.markdown:
        print(markdown(found["methods"], found["tasks"]))
        return
    width = max(len(value.name) for values in found.values() for value in values)
    print("methods (longlag show NAME for the numbers)")
    for method in found["methods"]:
        print(f"  {method.name:<{width}}  {method.summary}")
    print("tasks")
    for task in found["tasks"]:
        print(f"  {task.name:<{width}}  {task.reference}")


def markdown(methods: list[Method], tasks: list[Task]) -> str:
    """The tables that docs/remedies.md and its test share; links are relative to docs/."""
    rows = ["| remedy | what it is | file | paper |", "|---|---|---|---|"]
    for method in methods:
        link = f"[methods/{method.name}.py](../src/longlag/methods/{method.name}.py)"
        rows.append(f"| `{method.name}` | {method.summary} | {link} | {method.reference} |")
    rows += ["", "| task | minimal lag at T = 100 | constant answer | half-solved | file | origin |"]
    rows.append("|---|---|---|---|---|---|")
    for task in tasks:
        link = f"[tasks/{task.name}.py](../src/longlag/tasks/{task.name}.py)"
        wrong = " | ".join(f"{task.baselines[name].error:.1%} wrong" for name in ("constant", "half_solved"))
        rows.append(f"| `{task.name}` | {task.minimal_lag(100)} | {wrong} | {link} | {task.reference} |")
    return "\n".join(rows)
