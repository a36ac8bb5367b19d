"""`longlag new`: writes a file with a method or a task that works at once, to be edited."""

from __future__ import annotations

import argparse
import importlib.util
from importlib.resources import files as resources
from pathlib import Path

from longlag.errors import LonglagError

HELP = "write a documented file with a new method or task of yours, which works at once"
EXAMPLE = "longlag new method my_cell"
KINDS = {"method": "methods", "task": "tasks"}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("kind", choices=[*KINDS], metavar="KIND", help=f"one of {', '.join(KINDS)}")
    parser.add_argument("name", metavar="NAME", help="letters, digits, - and _; the file is NAME.py")
    parser.add_argument(
        "--out", type=Path, default=Path(), metavar="DIR", help="folder of the file (default: this one)"
    )


def run(args: argparse.Namespace) -> None:
    from longlag import registry
    from longlag.discovery import check_name
    from longlag.store import files

    check_name(args.name, f"a {args.kind}")
    if args.name in registry.names(KINDS[args.kind]):
        raise LonglagError(f"there is a {args.kind} called {args.name!r} already; choose another name")
    path = args.out / f"{args.name}.py"
    if path.exists() or path.is_symlink():
        raise LonglagError(f"{path} is there already, and is not replaced; choose another name, or delete it")
    if importlib.util.find_spec(args.name):
        hidden = f"{args.name}.py would hide the module {args.name!r} from every Python that is started in its folder"
        raise LonglagError(f"{hidden}; choose another name")
    text = (resources("longlag.cli") / "templates" / f"{args.kind}.txt").read_text("utf-8")
    label = args.name.replace("_", " ")
    files.write_atomically(path, text.format(name=args.name, label=label, file=path).encode())
    print(f"{path}: edit it; `longlag check {path}` tests it, and its first lines say how to train it")
