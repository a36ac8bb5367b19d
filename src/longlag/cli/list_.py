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
    labels = {kind: {name: registry.label(kind, name) for name in found} for kind, found in names.items()}
    width = max(map(len, names["methods"] + names["tasks"]))
    room = max(len(label) for found in labels.values() for label in found.values())
    print("methods: name, label in figures and tables, what it is (longlag show NAME for the numbers)")
    for name, method in about["methods"].items():
        print(f"  {name:<{width}}  {labels['methods'][name]:<{room}}  {method['summary']}")
    print("tasks: name, label, origin")
    for name, task in about["tasks"].items():
        print(f"  {name:<{width}}  {labels['tasks'][name]:<{room}}  {task['reference']}")


def markdown(methods: list[Method], tasks: list[Task]) -> str:
    """The tables that docs/remedies.md and its test share; links are relative to docs/."""
    from longlag import registry

    rows = ["| remedy | label | what it is | file | paper |", "|---|---|---|---|---|"]
    for method in methods:
        link = f"[methods/{method.name}.py](../src/longlag/methods/{method.name}.py)"
        named = f"| `{method.name}` | {registry.label('methods', method.name)}"
        rows.append(f"{named} | {method.summary} | {link} | {method.reference} |")
    rows += ["", "| task | label | minimal lag at T = 100 | constant answer | half-solved | file | origin |"]
    rows.append("|---|---|---|---|---|---|---|")
    for task in tasks:
        link = f"[tasks/{task.name}.py](../src/longlag/tasks/{task.name}.py)"
        wrong = " | ".join(f"{task.baselines[name].error:.1%} wrong" for name in ("constant", "half_solved"))
        label = registry.label("tasks", task.name)
        rows.append(f"| `{task.name}` | {label} | {task.minimal_lag(100)} | {wrong} | {link} | {task.reference} |")
    return "\n".join(rows)
