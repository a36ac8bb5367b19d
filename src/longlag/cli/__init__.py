"""The command `longlag`: one file per verb. A verb module has HELP, EXAMPLE, configure(parser) and run(args).

Put heavy imports inside `run`: the parser imports all verbs, and drawing a figure should not import torch.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from longlag.cli._renamed import modern
from longlag.cli._streams import lossy
from longlag.discovery import Folder
from longlag.engine.interrupt import Interrupted
from longlag.errors import LonglagError

VERBS = Folder(__name__, "verb")


def build_parser() -> argparse.ArgumentParser:
    """The parser with one sub-command per file of this package."""
    return _parsers()[0]


def parse(words: Sequence[str]) -> argparse.Namespace:
    """The arguments of a call. Options may stand between positional arguments, which sub-commands do not allow."""
    parser, verbs = _parsers()
    words = modern(words)
    return verbs[words[0]].parse_intermixed_args(words[1:]) if words and words[0] in verbs else parser.parse_args(words)


def _parsers() -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    parser = argparse.ArgumentParser(
        prog="longlag",
        description="Which remedy carries a recurrent net how far across time, and at what cost?",
        epilog="example: longlag train --task temporal_order --lag 50 --method lstm_chrono --seeds 0:3 --out runs.csv",
    )
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    for name in VERBS.names():
        verb = VERBS.get(name)
        sub = verbs.add_parser(
            name.removesuffix("_"),  # `list_.py`: a module named `list` would hide the type
            help=verb.HELP,
            description=verb.HELP,
            epilog=f"example: {verb.EXAMPLE}",
        )
        verb.configure(sub)
        sub.set_defaults(run=verb.run)
    return parser, dict(verbs.choices)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one verb. Returns 0, 1 if it found a fault, or 2 after bad input (a line on standard error)."""
    from longlag import environment

    environment.set_environment()
    with lossy() as output:
        code = _run(argv)
    if output.failed is None or isinstance(output.failed, BrokenPipeError):  # `longlag list | head` is no error
        return code
    print(f"longlag: cannot write to standard output: {output.failed.strerror}; redirect it elsewhere", file=sys.stderr)
    return code or 1


def _run(argv: Sequence[str] | None) -> int:
    try:
        args = parse(sys.argv[1:] if argv is None else argv)
        return args.run(args) or 0
    except LonglagError as error:
        print(f"longlag: {error}", file=sys.stderr)
        return 2
    except Interrupted as stopped:
        print(
            f"longlag: {stopped}; finished rungs and a checkpoint are kept; run the same command to resume",
            file=sys.stderr,
        )
        return 128 + stopped.number
    except KeyboardInterrupt:
        print("longlag: interrupted; written rows stay; training resumes if you run the same command", file=sys.stderr)
        return 130
