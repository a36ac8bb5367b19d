"""The settings that a search chose, frozen in a file of `config/tuned`: what a suite with `tuned` gives its methods.

    search: {suite: tuning, ...}                        # where the settings come from
    methods:
      lstm:
        one: {optimiser.learning_rate: 0.0117}          # one setting for all tasks
        tasks: {adding: {optimiser.learning_rate: 0.0203}, ...}

A setting that is not here is the recipe's.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from longlag.design import schemas
from longlag.store import files


def write(path: str | Path, chosen: Mapping[str, Any]) -> None:
    """Writes frozen settings, which `read` reads back.

    Raises:
        LonglagError: the file cannot be written.
    """
    import yaml

    schemas.check("tuned", chosen)
    suite = chosen["search"].get("suite", "")
    head = f"# Written by `longlag tune --suite {suite}`; docs/tuning.md says how the settings were chosen.\n"
    files.write_atomically(path, (head + yaml.safe_dump(dict(chosen), sort_keys=False, width=120)).encode())


def read(path: str | Path) -> dict[str, Any]:
    """Frozen settings: `{"search": {...}, "methods": {...}}`.

    Raises:
        LonglagError: missing or damaged file.
    """
    chosen = schemas.normalised(schemas.load(Path(path)))
    schemas.check("tuned", chosen)
    return dict(chosen)
