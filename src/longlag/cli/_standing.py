"""What `longlag compare` says of recorded rows whose digest is not that of today, and why it is not."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from longlag.errors import printable, shown
from longlag.words import count, join_words, method_label, setting, task_label

if TYPE_CHECKING:
    from longlag.engine.standing import Recipe, Standing, Version
    from longlag.store.records import Row

Standings = Mapping["Recipe", "Standing"]
Change = tuple[str, object, object]  # path in the spec, value recorded, value today

_FEW = 3  # settings, or tasks, that are named one by one
_LONGEST_REASON = 200  # letters
_PARTS = "method.parts."
_OTHER_FILE = {"method.source": "the file of the plug-in", "task.source": "the file of the task's plug-in"}


def older(rows: Iterable[Row], standings: Standings) -> frozenset[tuple[str, str, int]]:
    """The methods, tasks and lags with a row whose digest is not that of today."""
    return frozenset(
        (method, task, lag) for (method, task, lag, *_), _ in _counted(rows, standings, lambda standing: standing.older)
    )


def sentences(rows: Sequence[Row], standings: Standings) -> list[str]:
    """A sentence on rows of other versions, one on rows with other settings, and one on rows without a digest that can
    be worked out today; none if every row has the digest of today."""
    said = {
        "Recorded rows of older code, which may give other numbers today": _of_versions(rows, standings),
        "Recorded rows with other settings than the same version has now, which may give other numbers today": (
            _of_settings(rows, standings)
        ),
        "Recorded rows without a digest that can be worked out today, so nobody knows whether they are current": (
            _of_unknown(rows, standings)
        ),
    }
    return [f"{what}: {join_words(found)}." for what, found in said.items() if found]


def _counted(rows: Iterable[Row], standings: Standings, has: Callable[[Standing], object]) -> list[tuple[Recipe, int]]:
    """The recipes whose standing has something, and how many rows each has."""
    from longlag.engine.standing import recipe

    found = Counter(map(recipe, rows))
    return [(key, n) for key, n in sorted(found.items()) if has(standings[key])]


def _of_versions(rows: Sequence[Row], standings: Standings) -> list[str]:
    found: Counter[Version] = Counter()
    for key, n in _counted(rows, standings, lambda standing: standing.versions):
        for version in standings[key].versions:
            found[version] += n
    ordered = sorted(found.items(), key=lambda item: (item[0].kind, item[0].name, item[0].recorded))
    return [f"{_label(each)} (version {each.recorded}, now {each.now}: {count(n, 'row')})" for each, n in ordered]


def _label(version: Version) -> str:
    labels = {"methods": method_label, "tasks": task_label}
    return labels[version.kind](version.name) if version.kind in labels else f"the {version.kind}"


def _of_settings(rows: Sequence[Row], standings: Standings) -> list[str]:
    """By method: the settings, the tasks and the number of rows."""
    changes: dict[str, list[Change]] = defaultdict(list)
    tasks: dict[str, set[str]] = defaultdict(set)
    found: Counter[str] = Counter()
    for key, n in _counted(rows, standings, lambda standing: standing.settings):
        method, task, *_ = key
        name = method_label(method)
        changes[name] += standings[key].settings
        tasks[name].add(task_label(task))
        found[name] += n
    return [
        f"{name} on {_tasks(tasks[name])} ({_changes(changes[name])}: {count(n, 'row')})" for name, n in found.items()
    ]


def _tasks(labels: set[str]) -> str:
    return join_words(sorted(labels)) if len(labels) <= _FEW else count(len(labels), "task")


def _changes(changes: Iterable[Change]) -> str:
    """Each setting once, with the recorded value and that of today if all rows have the same two."""
    by_path: dict[str, dict[str, None]] = defaultdict(dict)
    for path, old, new in changes:
        by_path[path][f"{_value(old)}, now {_value(new)}"] = None
    words = [_change(path, [*values]) for path, values in by_path.items()]
    return join_words(words if len(words) <= _FEW else [*words[:_FEW], f"{len(words) - _FEW} more"])


def _change(path: str, values: list[str]) -> str:
    if path == "spec_hash":
        return "the digest is not that of the row's own settings"
    if path in _OTHER_FILE:
        return f"{_OTHER_FILE[path]} was edited"
    name = path.removeprefix(_PARTS)
    return f"{name} {values[0]}" if len(values) == 1 else f"{name} with other values"


def _value(value: object) -> str:
    return shown(value) if isinstance(value, list) else setting(value)


def _of_unknown(rows: Sequence[Row], standings: Standings) -> list[str]:
    found: Counter[tuple[str, str]] = Counter()
    for key, n in _counted(rows, standings, lambda standing: standing.unknown):
        reason = printable(standings[key].unknown)
        short = reason if len(reason) <= _LONGEST_REASON else f"{reason[:_LONGEST_REASON]}..."
        found[method_label(key[0]), short] += n
    return [f"{label} ({count(n, 'row')}: {reason})" for (label, reason), n in found.items()]
