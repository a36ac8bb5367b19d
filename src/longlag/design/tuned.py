"""The settings that a search chose, frozen in a file of `config/tuned`: what a suite with `tuned` gives its methods.

    search: {suite: tuning, ...}                        # where the settings come from
    methods:
      lstm:
        one: {optimiser.learning_rate: 0.0117}          # one setting for all tasks
        tasks: {adding: {optimiser.learning_rate: 0.0203}, ...}

A setting that is not here is the recipe's. In a suite with `tuned`, the name of a method that the file has means the
method with its settings for the task, or with the one setting on tasks that were not searched. `NAME_one` is a row with
the one setting on all tasks, `NAME_recipe` one with the recipe.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from longlag import registry, resources
from longlag.design import schemas
from longlag.errors import LonglagError
from longlag.settings import optional
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
        LonglagError: missing or damaged file; the line of a fault.
    """
    chosen = schemas.normalised(schemas.load(Path(path)))
    try:
        schemas.check("tuned", chosen)
    except schemas.Misplaced as error:
        raise LonglagError(f"{path}{schemas.line(Path(path), error.place)}: {error}") from None
    return dict(chosen)


def find(path: str, folder: Path | None) -> Path:
    """The file that a suite means: relative to the suite's folder, to the working directory or to the package's root.

    Raises:
        LonglagError: there is none.
    """
    for place in (folder, Path(), resources.root()):
        if place is not None and files.is_file(place / path):
            return place / path
    raise LonglagError(f"tuned {path!r} is not a file; `longlag tune --suite` writes one")


def rows(chosen: Mapping[str, Any] | None) -> list[str]:
    """The names that frozen settings add to those of methods."""
    return [name + ending for name in (chosen or {}).get("methods", {}) for ending in registry.TUNED_ROWS]


def base_of(chosen: Mapping[str, Any] | None, name: str) -> str:
    """The method that a row of `rows` is of; "" for other names."""
    ending = registry.ONE_SETTING if name.endswith(registry.ONE_SETTING) else registry.RECIPE
    return name.removesuffix(ending) if name in rows(chosen) else ""


def settings(chosen: Mapping[str, Any] | None, method: str, name: str, task: str) -> dict[str, Any]:
    """The frozen settings of a row, by path. name: of the row, which is of this method or of a variant of it.

    The one setting holds paths that some tasks have not; there they change nothing.
    """
    found = (chosen or {}).get("methods", {}).get(method)
    if found is None or name == method + registry.RECIPE:
        return {}
    if task in found["tasks"] and name != method + registry.ONE_SETTING:
        return dict(found["tasks"][task])
    return {optional(path): value for path, value in found["one"].items()}
