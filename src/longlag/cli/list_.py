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
    from longlag.cli import _catalogue

    _arguments.load_plugins(args)
    names = {kind: registry.names(kind) for kind in ("methods", "tasks")}
    if args.markdown:
        print(markdown(*([registry.get(kind, name) for name in found] for kind, found in names.items())))
        return
    about = {kind: {name: _catalogue.about(kind, name) for name in found} for kind, found in names.items()}
    if args.json:
        told = {kind: {name: {key: entry[key] for key in ("version", "reference")} for name, entry in entries.items()}
                for kind, entries in about.items()}  # fmt: skip
        print(json.dumps({**names, "about": told}, indent=2))
        return
    width = max(map(len, names["methods"] + names["tasks"]))
    print("methods (longlag show NAME for the numbers)")
    for name, method in about["methods"].items():
        print(f"  {name:<{width}}  {method['summary']}")
    print("tasks")
    for name, task in about["tasks"].items():
        print(f"  {name:<{width}}  {task['reference']}")


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
