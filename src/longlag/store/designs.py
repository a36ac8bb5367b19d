"""The suite that rows were recorded with: `suite.json` beside their file, or beside the file that they were taken from.

A suite counts for a method only if it asks for the digests of all its rows: a file that stands there by chance says
nothing of them.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from longlag import resources
from longlag.errors import LonglagError
from longlag.store import files

FILE = "suite.json"
_OF_THE_PACKAGE = "longlag "  # begins the origin of rows that `longlag compare` took from the package's reference


@dataclass(frozen=True)
class Design:
    """The suite of a method's rows, as its file has it, and what the method is called there."""

    name: str
    suite: Mapping[str, Any]


def beside(runs: str | Path, rows: Iterable[tuple[str, str, str]], label: str = "") -> dict[str, Design]:
    """The designs of the methods of a runs file; a method without one is left out.

    rows: method, spec_hash and origin of each row. label: that of the methods, which their suite does not know.
    """
    digests: dict[str, set[str]] = defaultdict(set)
    origins: dict[str, None] = {}
    for method, digest, origin in rows:
        if digest:  # a row of a killed job has none
            digests[method].add(digest)
        origins[origin] = None
    found: dict[str, Design] = {}
    for path in (Path(runs), *_taken_from(filter(None, origins))):
        suite = _read(path.with_name(FILE))
        asked = {*_digests(suite.get("digests", {}))}
        for method, own in digests.items():
            if own <= asked:
                found.setdefault(method, Design(method.removesuffix(f"-{label}") if label else method, suite))
    return found


def _taken_from(origins: Iterable[str]) -> Iterator[Path]:
    """The runs files that origins name."""
    for origin in origins:
        if not origin.startswith(_OF_THE_PACKAGE):
            yield Path(origin)
            continue
        with suppress(LonglagError):
            yield resources.root() / origin.partition(": ")[2]


def _read(path: Path) -> dict[str, Any]:
    """A suite; empty if there is none, or no suite in the file."""
    if not files.is_file(path):
        return {}
    try:
        suite = json.loads(files.read(path))
    except (LonglagError, ValueError, RecursionError):
        return {}
    return suite if isinstance(suite, dict) else {}


def _digests(value: Any) -> Iterator[str]:
    """All digests in a mapping from jobs to tasks to lags."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _digests(each)
