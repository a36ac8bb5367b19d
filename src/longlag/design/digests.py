"""The digests of a suite: what the rows of each run must carry as `spec_hash`. Worked out in a process of its own."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from functools import cache

from longlag.design.job import plugin_flags
from longlag.design.suite import Digests, Suite
from longlag.errors import LonglagError


def work_out(suite: Suite, plugins: Sequence[str] = ()) -> Digests:
    """The digest of every run of a suite, from `longlag design`.

    A process of its own, so that neither torch nor a plug-in's code enters the one that asks.
    plugins: the files of plug-ins whose code may run.

    Raises:
        LonglagError: the command failed; its own message is passed on.
    """
    return _from_command(suite.to_json(), tuple(plugins))


@cache
def _from_command(design: str, plugins: tuple[str, ...]) -> Digests:
    program = ["longlag"] if shutil.which("longlag") else [sys.executable, "-m", "longlag"]  # no activated environment
    command = [*program, "design", *plugin_flags(plugins), "-"]
    try:
        done = subprocess.run(command, input=design, capture_output=True, encoding="utf-8", check=True)
    except subprocess.CalledProcessError as error:
        raise LonglagError(f"{shlex.join(command)} failed: {error.stderr.strip()}") from error
    found: Digests = json.loads(done.stdout)["digests"]
    return found
