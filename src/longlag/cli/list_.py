"""`longlag list`: the methods and tasks at hand."""

from __future__ import annotations

import argparse
import json

HELP = "list methods and tasks"
EXAMPLE = "longlag list --json"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help='print {"methods": [...], "tasks": [...], "about": {...}}')
    parser.add_argument("--plugin", action="append", default=[], metavar="FILE", help="Python file with METHOD or TASK")


def run(args: argparse.Namespace) -> None:
    from longlag import registry

    for path in args.plugin:
        registry.load_plugin(path)
    found = {kind: [registry.get(kind, name) for name in registry.names(kind)] for kind in ("methods", "tasks")}
    if args.json:
        about = {
            kind: {value.name: {"version": value.version, "reference": value.reference} for value in values}
            for kind, values in found.items()
        }
        print(json.dumps({kind: list(names) for kind, names in about.items()} | {"about": about}, indent=2))
        return
    width = max(len(value.name) for values in found.values() for value in values)
    print("methods (longlag show NAME for the numbers)")
    for method in found["methods"]:
        print(f"  {method.name:<{width}}  {method.summary}")
    print("tasks")
    for task in found["tasks"]:
        print(f"  {task.name:<{width}}  {task.reference}")
