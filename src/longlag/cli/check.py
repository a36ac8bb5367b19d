"""`longlag check`: whether a method or task of yours keeps what every method or task promises."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from longlag.cli import _arguments
from longlag.errors import LonglagError

if TYPE_CHECKING:
    from longlag.engine.contracts import Finding

HELP = "check that a plug-in keeps the contracts of a method or task: parts, shapes, rows, repeatable numbers"
EXAMPLE = "longlag check my_cell.py"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="*", metavar="FILE", help="Python file with METHOD or TASK")
    parser.add_argument("--method", action="append", default=[], help="a known method, such as one that pip installed")
    parser.add_argument("--task", action="append", default=[], help="a known task")


def run(args: argparse.Namespace) -> int:
    from longlag import registry
    from longlag.engine import contracts
    from longlag.words import count

    _arguments.load_plugins(argparse.Namespace(plugin=args.files))
    named = {"methods": args.method, "tasks": args.task}
    wanted = [(kind, name) for kind in named for name in dict.fromkeys([*registry.loaded(kind), *named[kind]])]
    if not wanted:
        raise LonglagError("nothing to check; name a Python file, or --method NAME or --task NAME")
    for kind, name in wanted:  # a misspelt name is refused before the first check, which takes a while
        registry.get(kind, name, "name the file of a plug-in: longlag check FILE")
    broken = 0
    for kind, name in wanted:
        print(f"{kind.removesuffix('s')} {name}", flush=True)
        for finding in contracts.check(kind, name):
            broken += bool(finding.broken) and not finding.again
            print(_line(finding), flush=True)
            if args.verbose and finding.trace and not finding.again:
                print(finding.trace, file=sys.stderr, flush=True)
    traced = "" if args.verbose else "; -v shows where each error came from"
    print("all promises are kept" if not broken else f"{count(broken, 'mistake')} found{traced}")
    return int(broken > 0)


def _line(finding: Finding) -> str:
    if finding.again:
        return f"  again  {finding.promise}: the same mistake"
    return f"  FAILS  {finding.promise}: {finding.broken}" if finding.broken else f"  ok     {finding.promise}"
