"""The settings that `longlag compare` takes from `--set` and `--tuned`, checked against the new method alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from longlag.errors import LonglagError, shown, unknown

if TYPE_CHECKING:
    from longlag.design.grid import Cell
    from longlag.methods.base import Parts

    Built = dict[str, list[Parts]]  # by task, at each lag


def of_line(assignments: list[str], method: str, cells: Sequence[Cell]) -> dict[str, Any]:
    """What a suite says of the settings that `--set` changes. They replace those of `--tuned`.

    Raises:
        LonglagError: an assignment that is none, for a task that is not on the grid, of a setting that the method does
            not have, or of a value that it cannot have.
    """
    from longlag import settings

    if not assignments:
        return {}
    values, tasks = settings.parse(assignments), [cell.task for cell in cells]
    for task in settings.tasks_of(values):
        if task not in tasks:
            raise unknown("task of this grid in --set", task, tasks)
    built = _built(method, cells)
    for path, value in values.items():
        _check_path(path, value, method, built)
    _check_values(values, f"--set for {method}", built)
    general = {path: value for path, value in values.items() if ":" not in path}
    own = {
        task: {path.partition(":")[2]: value for path, value in values.items() if path.startswith(f"{task}:")}
        for task in settings.tasks_of(values)
    }
    return {"methods": {method: {**general, "tasks": own}}}


def of_search(file: str | None, method: str, cells: Sequence[Cell]) -> dict[str, str]:
    """What a suite says of frozen settings.

    Raises:
        LonglagError: the file has none of this method, or settings that the method does not have.
    """
    from longlag.design import tuned

    if file is None:
        return {}
    try:
        chosen = tuned.read(file)
    except LonglagError as error:
        said = str(error) if str(error).startswith(file) else f"{file}: {error}"
        raise LonglagError(f"{said}; --tuned takes the file that `longlag tune --suite SUITE` writes") from None
    have = chosen["methods"]
    if method not in have:
        raise LonglagError(f"{file} has no settings of {method!r}; it has those of {', '.join(sorted(have))}")
    frozen = {
        f"{cell.task}:{path}": value
        for cell in cells
        for path, value in tuned.settings(chosen, method, method, cell.task).items()
    }
    _check_values(frozen, f"{file} for {method}", _built(method, cells))
    return {"tuned": file}


def _built(method: str, cells: Sequence[Cell]) -> Built:
    """The parts of the method on the grid; what cannot be built is named when the grid is planned."""
    from longlag.engine.spec import RunSpec, resolve_elsewhere

    built: Built = {}
    for cell in cells:
        for lag in cell.lags:
            try:
                parts = resolve_elsewhere(RunSpec(cell.task, lag, method, ())).parts
            except LonglagError:
                continue
            built.setdefault(cell.task, []).append(parts)
    return built


def _check_path(path: str, value: Any, method: str, built: Built) -> None:
    """Raises LonglagError for a setting that the method lacks, and for a value that is no setting's in a suite."""
    from longlag import settings
    from longlag.words import join_words

    task, own, name = path.rpartition(":")
    known = {
        of: {path for parts in every for path in settings.paths(parts)}
        for of, every in built.items()
        if of == task or not own
    }
    having = [of for of, paths in known.items() if settings.bare(name) in paths]
    if known and not having:
        raise unknown(f"setting of {method} in --set", settings.bare(name), set().union(*known.values()))
    lacking = [of for of in known if of not in having]
    if lacking and name == settings.bare(name):
        raise LonglagError(
            f"--set {path}: {method} has this setting on {join_words(having)}, not on {join_words(lacking)}; write "
            f"'{path}?={value}' to change it where it is, or {having[0]}:{path}={value} for one task"
        )
    if not isinstance(value, int | float | str):
        raise LonglagError(f"--set {path} cannot be {shown(value)}; it takes a number, a word, or true or false")


def _check_values(values: Mapping[str, Any], where: str, built: Built) -> None:
    """Raises LonglagError for settings that the parts do not have, or values that these cannot have."""
    from longlag import settings

    for task, every in built.items():
        for parts in every:
            try:
                settings.with_values(parts, settings.present(parts, settings.of_task(values, task)))
            except LonglagError as error:
                raise LonglagError(f"{where}, on {task}: {error}") from None
