"""`longlag completion`: a script that completes verbs, options, names and files in a shell, made by shtab."""

from __future__ import annotations

import argparse
import importlib.util
import sys

from longlag.errors import LonglagError

HELP = "print a script with which a shell completes verbs, options, names and files"
EXAMPLE = "longlag completion bash"


def configure(parser: argparse.ArgumentParser) -> None:
    use = 'your shell; for bash append the output to ~/.bash_completion, for zsh run eval "$(longlag completion zsh)"'
    parser.add_argument("shell", choices=["bash", "zsh", "tcsh"], help=use)


def run(args: argparse.Namespace) -> None:
    if importlib.util.find_spec("shtab") is None:
        raise LonglagError(f"completion is made by shtab: {sys.executable} -m pip install 'longlag[completion]'")
    import shtab

    from longlag.cli import build_parser

    parser = build_parser()
    known, files = _known(), {"FILE": shtab.FILE, "RUN": shtab.FILE, "DIR": shtab.DIRECTORY}
    (verbs,) = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    for verb, sub in verbs.choices.items():
        for action in sub._actions:
            names = known.get(f"{verb} {action.dest}", known.get(action.dest))
            if names and not action.choices:
                action.choices = names  # of a parser that parses nothing
            elif str(action.metavar) in files:
                action.complete = files[str(action.metavar)]
    print(shtab.complete(parser, shell=args.shell))


def _known() -> dict[str, list[str]]:
    """The names that an argument takes, by its own name, or by the verb and that where verbs differ."""
    from longlag import figures, lecture, registry, resources, tables
    from longlag.design import stages

    methods, tasks = registry.names("methods"), registry.names("tasks")
    suites = sorted(path.stem for path in resources.find("config").glob("*.yaml") if path.stem != "config")
    return {
        **dict.fromkeys(("method", "methods"), methods),
        **dict.fromkeys(("task", "tasks"), tasks),
        "suite": suites,
        "claim": lecture.select(),
        "figure name": ["all", *figures.names()],
        "table name": ["all", *tables.names()],
        "paper name": ["all", *stages.names()],
        "show name": [*methods, *tasks],
    }
