"""`longlag completion`: a script that completes verbs and options in a shell, made by shtab."""

from __future__ import annotations

import argparse
import importlib.util
import sys

from longlag.errors import LonglagError

HELP = "print a script with which a shell completes verbs and options"
EXAMPLE = "longlag completion bash"


def configure(parser: argparse.ArgumentParser) -> None:
    use = 'your shell; for bash append the output to ~/.bash_completion, for zsh run eval "$(longlag completion zsh)"'
    parser.add_argument("shell", choices=["bash", "zsh", "tcsh"], help=use)


def run(args: argparse.Namespace) -> None:
    if importlib.util.find_spec("shtab") is None:
        raise LonglagError(f"completion is made by shtab: {sys.executable} -m pip install 'longlag[completion]'")
    import shtab

    from longlag.cli import build_parser

    print(shtab.complete(build_parser(), shell=args.shell))
