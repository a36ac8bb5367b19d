"""The command `longlag`: one file per verb. A verb module has HELP, EXAMPLE, configure(parser) and run(args).

Put heavy imports inside `run`: help and completion import all verbs, and drawing a figure should not import torch.
A call imports its own verb alone.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import itertools
import os
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from importlib import metadata
from typing import Any, NoReturn

from longlag import __version__, memory
from longlag.cli._renamed import modern
from longlag.cli._streams import lossy
from longlag.discovery import Folder
from longlag.engine.interrupt import Interrupted
from longlag.errors import LonglagError, unknown

VERBS = Folder(__name__, "verb")
_VERBOSITY = {"-q", "--quiet", "-v", "--verbose"}
_WHAT = {  # options that say what is trained, and the remedy where one is given twice
    "--task": "`longlag ladder` takes several: --task adding --task xor",
    "--method": "name one method in a call",
    "--lag": "`longlag ladder` takes several: --lags 20,50",
    "--lags": "write all lags in one: --lags 20,50",
    "--seeds": "write all seeds in one: --seeds 0:5 for seeds 0 to 4, or --seeds 1,4,9",
}
_AT_ONCE = {"list", "show", "cite", "completion"}  # they have answered before such a word would be read


class _Parser(argparse.ArgumentParser):
    """A parser that takes whole options alone, and suggests the nearest where one is misspelt or cut short."""

    _words: Sequence[str] = ()

    def __init__(self, **how: Any) -> None:
        super().__init__(**how, allow_abbrev=False)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        self._words = sys.argv[1:] if args is None else args
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        known = [option for option in self._option_string_actions if option.startswith("--")]
        typed = [word.partition("=")[0] for word in self._words if word.startswith("--") and word != "--"]
        wrong = [word for word in typed if word not in known]
        near = {word: _beginning(word, known) or _nearest(word, known) for word in wrong}
        hints = [f"{word} is no option: did you mean {found[0]}?" for word, found in near.items() if found]
        super().error("; ".join([message, *hints]))


def _beginning(word: str, known: Sequence[str]) -> list[str]:
    """The shortest option that begins with a word, if there is one."""
    return sorted((option for option in known if option.startswith(word)), key=len)[:1]


def _nearest(word: str, known: Sequence[str]) -> list[str]:
    """The option most like a misspelt one, if there is one. Dashes are left out: they make short options alike."""
    bare = {option.lstrip("-"): option for option in known}
    return [bare[name] for name in difflib.get_close_matches(word.lstrip("-"), bare, n=1)]


def build_parser() -> argparse.ArgumentParser:
    """The parser with one sub-command per file of this package."""
    return _parsers(VERBS.names())[0]


def parse(words: Sequence[str]) -> argparse.Namespace:
    """The arguments of a call. Options may stand between positional arguments, which sub-commands do not allow.

    Raises:
        LonglagError: an unknown verb (the nearest one is suggested).
    """
    files = {name.removesuffix("_"): name for name in VERBS.names()}
    first = list(itertools.takewhile(_VERBOSITY.__contains__, words))  # `longlag -v train` is `longlag train -v`
    words = modern(words[len(first) :])
    if not words or words[0] in ("-h", "--help", "--version"):
        return build_parser().parse_args(words or ["--help"])
    if words[0] not in files and not words[0].startswith("-"):
        raise unknown("verb", words[0], files)
    if words[0] not in files:
        return build_parser().parse_args(words)
    _, verbs = _parsers([files[words[0]]])
    _refuse_repeated(verbs[words[0]], words)
    args = verbs[words[0]].parse_intermixed_args([*first, *words[1:]])
    args.verb = words[0]
    return args


def _refuse_repeated(parser: argparse.ArgumentParser, words: Sequence[str]) -> None:
    """Raises LonglagError for an option of `_WHAT` with one value that is given twice: of two tasks or ranges of seeds
    argparse would train the last alone. Of other options, such as --budget, the last one counts, as elsewhere."""
    typed = [word.partition("=")[0] for word in itertools.takewhile(lambda word: word != "--", words)]
    for action in parser._actions:
        names = [word for word in typed if word in action.option_strings and word in _WHAT]
        if len(names) > 1 and isinstance(action, argparse._StoreAction) and action.nargs is None:
            raise LonglagError(f"{names[0]} is given {len(names)} times and takes one value; {_WHAT[names[0]]}")


def _parsers(files: Sequence[str]) -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    """The parser with the verbs of these files, and that of each verb. Only these files are imported."""
    parser = _Parser(
        prog="longlag",
        description="How long a time lag can a recurrent net bridge with each remedy, and at what cost?",
        epilog="example: longlag train --task temporal_order --lag 50 --method lstm_chrono --seeds 0:3 --out runs.csv",
    )
    parser.add_argument("--version", action="version", version=f"longlag {__version__}")
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    for name in files:
        verb = VERBS.get(name)
        sub = verbs.add_parser(
            name.removesuffix("_"),  # `list_.py`: a module named `list` would hide the type
            help=verb.HELP,
            description=verb.HELP,
            epilog=f"example: {verb.EXAMPLE}",
        )
        verb.configure(sub)
        said = sub.add_mutually_exclusive_group()
        said.add_argument("-q", "--quiet", action="store_true", help="print results and errors alone")
        said.add_argument("-v", "--verbose", action="store_true", help="say what starts and what it cost; trace errors")
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


@contextlib.contextmanager
def _notes(args: argparse.Namespace) -> Iterator[None]:
    """What stands on standard error besides the verb's own lines: nothing with -q, start and cost with -v."""
    if args.quiet:
        with open(os.devnull, "w", encoding="utf-8") as nothing, contextlib.redirect_stderr(nothing):
            yield
        return
    if args.verbose or (sys.stderr.isatty() and args.verb not in _AT_ONCE):  # importing torch takes seconds
        print(f"longlag {args.verb}: starting", file=sys.stderr, flush=True)
    if args.verbose:
        print(f"longlag {__version__}, {_versions()}", file=sys.stderr, flush=True)
    start = time.monotonic()
    yield
    if args.verbose:
        spent = f"{time.monotonic() - start:.1f} s, {time.process_time():.1f} CPU s"
        print(f"longlag {args.verb}: done in {spent}, {memory.peak() / 2**20:.0f} MiB at most", file=sys.stderr)


def _versions() -> str:
    import platform

    packages = [f"{name} {metadata.version(name)}" for name in ("torch", "numpy", "pandas")]
    return ", ".join([f"Python {platform.python_version()}", *packages])


def _run(argv: Sequence[str] | None) -> int:
    args = argparse.Namespace(verbose=False)
    try:
        args = parse(sys.argv[1:] if argv is None else argv)
        with _notes(args):
            return args.run(args) or 0
    except LonglagError as error:
        if args.verbose:
            traceback.print_exc()
        print(f"longlag: {error}", file=sys.stderr)
        return 2
    except Interrupted as stopped:
        print(f"longlag: {stopped}", file=sys.stderr)
        return 128 + stopped.number
    except KeyboardInterrupt:
        print("longlag: interrupted; what is written stays; run the same command again", file=sys.stderr)
        return 130
