"""The digests of a suite: what the rows of each run must carry as `spec_hash`. Worked out in a process of its own."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from longlag.design.job import plugin_flags
from longlag.design.suite import Digests, Suite
from longlag.errors import LonglagError

HANDED_ON = "LONGLAG_DIGESTS"  # environment: a file of digests that the caller of this process has worked out
THIS = (sys.executable, "-P", "-m", "longlag")  # -P: a folder `longlag` where it is called is not the package


def work_out(
    suite: Suite,
    plugins: Sequence[str] = (),
    warn: Callable[[str], None] = lambda line: None,
    here: bool = False,
    program: Sequence[str] = THIS,
) -> Digests:
    """The digest of every run of a suite, from `longlag design`.

    A process of its own, so that neither torch nor a plug-in's code enters the one that asks.

    Args:
        plugins: the files of plug-ins whose code may run.
        warn: called with what the command says of runs that cannot be built, and of devices that are not here.
        here: the suite is to run on this machine, so that its devices and its memory count.
        program: the words that call the `longlag` of the jobs; by default, this package and this interpreter.

    Raises:
        LonglagError: runs of the suite cannot be run, or the command failed; its own message is passed on.
    """
    try:
        digests, said = _from_command(suite.to_json(), tuple(plugins), here, tuple(program))
    except subprocess.CalledProcessError as error:
        raise LonglagError(_of(suite, error.stderr) or f"{shlex.join(error.cmd)} failed") from error
    if said:
        warn(_of(suite, said))
    return digests


def hand_on(path: Path, suite: Suite, plugins: Sequence[str], digests: Digests, here: bool) -> dict[str, str]:
    """Writes digests for processes that this one starts. Returns the environment that makes them take these.

    A process that asks about another suite, or in another way, works out its own.
    """
    path.write_text(json.dumps([_question(suite.to_json(), tuple(plugins), here), digests]), "utf-8")
    return {HANDED_ON: str(path)}


def _question(design: str, plugins: tuple[str, ...], here: bool) -> list[Any]:
    return [design, *plugins, here]


def _handed_on(question: list[Any]) -> Digests | None:
    """What a caller has worked out; None if nothing was, or for another question."""
    if not (path := os.environ.get(HANDED_ON)):
        return None
    try:
        answered, digests = json.loads(Path(path).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return digests if answered == question else None


def _of(suite: Suite, said: str) -> str:
    """What the command said, of the suite's file instead of its standard input."""
    lines = (line.removeprefix("longlag: ") for line in said.strip().splitlines())
    return "\n".join(line.replace("standard input: ", f"{suite.source}: ", 1) for line in lines)


@cache
def _from_command(design: str, plugins: tuple[str, ...], here: bool, program: tuple[str, ...]) -> tuple[Digests, str]:
    if (known := _handed_on(_question(design, plugins, here))) is not None:
        return known, ""
    command = [*program, "design", *(["--here"] if here else []), *plugin_flags(plugins), "-"]
    done = subprocess.run(command, input=design, capture_output=True, encoding="utf-8", check=True)
    found: Digests = json.loads(done.stdout)["digests"]
    return found, done.stderr
