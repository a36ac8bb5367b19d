"""What `list`, `show` and `cite` say of the package's methods and tasks, without importing torch.

catalogue.json beside this file was written by `python -m longlag.cli._catalogue`. A test keeps it current. An entry
counts only for the very file of a method or task that it was made from: what is edited or new is imported.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterable
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from longlag import registry
from longlag.settings import written
from longlag.words import count

if TYPE_CHECKING:
    from longlag.tasks.base import Traits

ItemT = TypeVar("ItemT")
LAG = 50  # of the parts in the catalogue
_FILE = Path(__file__).with_name("catalogue.json")


def about(kind: str, name: str) -> dict[str, Any]:
    """{"summary", "reference", "version", "document", ...} of a method or task (kind is "methods" or "tasks").

    Raises:
        LonglagError: no such name (the nearest one is suggested).
    """
    return kept(kind, name) or _basics(kind, name)


def kept(kind: str, name: str) -> dict[str, Any] | None:
    """The entry of the catalogue; None if it was not made from the file that is there now."""
    entry: dict[str, Any] | None = _catalogue().get(kind, {}).get(name)
    return entry if entry and entry["source"] == _source(kind, name) else None


def lag_of(name: str, lag: int | None) -> int:
    """The lag at which a task is shown: the one that is asked for, else `LAG`, or its shortest if that is longer."""
    return max(LAG, registry.get("tasks", name).shortest) if lag is None else lag


def method(name: str, tasks: list[str], lag: int | None) -> dict[str, Any]:
    """All that `longlag show` prints of a method: `_basics`, the label, the search space and the parts for each task.

    lag: None for that of `lag_of`.

    Raises:
        LonglagError: a task or a lag for which it cannot be built.
    """
    from longlag.engine import space
    from longlag.engine.spec import RunSpec, resolve
    from longlag.settings import paths, value_at

    found = registry.get("methods", name)
    space.check_form(found)
    parts: dict[str, list[str]] = {}
    for one in tasks:
        built = resolve(RunSpec(one, lag_of(one, lag), name, (0,))).parts
        lines = "\n".join(f"  {path} = {_shown(value_at(built, path))}" for path in paths(built))
        parts.setdefault(lines, []).append(f"{one} ({registry.get('tasks', one).traits.kind})")
    searched = ", ".join(f"{path} in [{r.low:g}, {r.high:g}]" for path, r in found.tune.items())
    listed = [{"tasks": names, "lines": lines} for lines, names in parts.items()]
    return {**_basics("methods", name), "label": found.label, "space": searched, "parts": listed}


def task(name: str, lag: int | None) -> dict[str, Any]:
    """All that `longlag show` prints of a task.

    lag: None for that of `lag_of`.

    Raises:
        LonglagError: a lag that it does not have.
    """
    from longlag.tasks.base import check_lag

    found, lag = registry.get("tasks", name), lag_of(name, lag)
    check_lag(found, lag)
    traits = found.traits
    lines = [
        f"kind: {traits.kind}; inputs: {_roles(traits)}; {_outputs(traits)} at {_scored(traits)}; "
        f"shortest lag {found.shortest}",
        f"at lag {lag}: {found.steps(lag)} steps, minimal lag {found.minimal_lag(lag)}; loss {found.loss.name}",
        "solved: at most 1 % of 10,000 fresh sequences wrong"
        + (f"; here none of all {found.population}" if found.population else ""),
        *(
            f"{name}: {answer.meaning}: {answer.error:.1%} wrong, loss {answer.loss:.4f}"
            for name, answer in found.baselines.items()
        ),
    ]
    return {**_basics("tasks", name), "lines": lines}


def _roles(traits: Traits) -> str:
    """The roles of the input channels in their order; neighbours of one role are counted."""
    return ", ".join(_times(n, role) for role, n in _runs(traits.roles))


def _scored(traits: Traits) -> str:
    """At how many steps an answer is asked for."""
    return count(traits.scored, "scored step") if traits.scored else "every step"


def _outputs(traits: Traits) -> str:
    """What a readout must give: as many scores as there are classes, or real numbers."""
    n = len(traits.target_mean)
    return count(n, "real output") if not traits.classes else f"{count(n, 'output')} (scores of classes)"


def _basics(kind: str, name: str) -> dict[str, Any]:
    found = registry.get(kind, name)
    basics = {"version": found.version, "reference": found.reference, "document": registry.document(kind, name)}
    return {**basics, **({"summary": found.summary} if kind == "methods" else {})}


def _shown(value: object) -> str:
    """A setting's value; a list of numbers or names is shortened to those that differ from their neighbours.

    >>> _shown((0.5, 0.5)), _shown((0.0,) * 98 + (0.5, 1.0)), _shown((0.1,) * 100)
    ('[0.5, 0.5]', '100 values: 98 x 0, 0.5, 1', '100 x 0.1')
    >>> _shown(("symbol",) * 98 + ("cue",))
    '99 values: 98 x symbol, cue'
    """
    if not isinstance(value, tuple) or len(value) < 3 or not all(isinstance(x, int | float | str) for x in value):
        return written(value)
    runs = _runs(value)
    listed = ", ".join(_times(n, item if isinstance(item, str) else f"{item:.4g}") for item, n in runs)
    if len(runs) == 1:
        return listed
    return f"{len(value)} values: {listed}" if len(value) > 8 >= len(runs) else written(value)


def _runs(items: Iterable[ItemT]) -> list[tuple[ItemT, int]]:
    """Each item that differs from the one before it, and how many equal ones stand there."""
    return [(item, len(list(same))) for item, same in groupby(items)]


def _times(n: int, text: str) -> str:
    return text if n == 1 else f"{n} x {text}"


def _source(kind: str, name: str) -> str:
    folder = Path(__file__).parents[1] / kind
    text = (folder / f"{name}.py").read_text("utf-8") if (folder / f"{name}.py").is_file() else ""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@cache
def _catalogue() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_FILE.read_text("utf-8")) if _FILE.is_file() else {}
    return found


def made() -> dict[str, Any]:
    """The catalogue of the methods and tasks of the package as they are now."""
    names = {kind: registry.FOLDERS[kind].names() for kind in ("methods", "tasks")}
    full = {
        "methods": {name: method(name, names["tasks"], None) for name in names["methods"]},
        "tasks": {name: task(name, None) for name in names["tasks"]},
    }
    return {
        kind: {name: {"source": _source(kind, name), **entry} for name, entry in entries.items()}
        for kind, entries in full.items()
    }


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()  # --help runs nothing
    _FILE.write_text(json.dumps(made(), indent=1) + "\n", "utf-8", newline="\n")
