"""Whether the search space that a method declares is one of settings that it has, and where in it a run is.

A setting that the method has on some tasks only is left out on the others. One that it has on no task is a mistake, and
every candidate would leave it out without a word.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from longlag import registry
from longlag.engine.candidates import as_setting
from longlag.engine.spec import RunSpec, resolve_elsewhere
from longlag.errors import LonglagError, shown, unknown
from longlag.methods.base import Method, Parts, Range
from longlag.settings import paths, value_at, with_values

LAGS = (10, 50, 1000)  # at which a method is built; at its shortest, if a task needs a longer one


def check(name: str) -> None:
    """Checks the declared space of the method of that name against every task for which it can be built.

    Raises:
        LonglagError: no such method, or all that `check_for` refuses.
    """
    check_for(registry.get("methods", name), _buildable(name))


def check_for(method: Method, built: Iterable[Parts]) -> None:
    """Checks the declared space of a method against the parts that it builds for all tasks.

    Raises:
        LonglagError: a path that none of the parts has (the nearest one is suggested), an end of a range that the
            setting cannot have, a range that changes nothing, or what is no range.
    """
    where, known = f"the tune of {method.name}", set[str]()
    check_form(method)
    for parts in built:
        have = set(paths(parts))
        known |= have
        for path in have & set(method.tune):
            _check_ends(parts, path, method.tune[path], where)
    for path in sorted(method.tune) if known else ():
        if path not in known:
            raise unknown(f"setting in {where}", path, known)


def values(spec: RunSpec) -> dict[str, float]:
    """The values that the searched settings have in a run, also those of its recipe; of the settings that it has.

    Raises:
        LonglagError: the spec is refused.
    """
    setup = resolve_elsewhere(spec)
    return {path: value_at(setup.parts, path) for path in setup.method.space(setup.parts)}


def _buildable(name: str) -> Iterator[Parts]:
    """The parts for every task and lag; those that cannot be built are named where they are trained."""
    for task in registry.names("tasks"):
        shortest = registry.get("tasks", task).shortest
        for lag in sorted({max(lag, shortest) for lag in LAGS}):
            try:
                yield resolve_elsewhere(RunSpec(task, lag, name, ())).parts
            except LonglagError:
                continue


def check_form(method: Method) -> None:
    """Checks that the declared space gives each path a range, without building the method.

    Raises:
        LonglagError: it is no mapping, or has something other than a `Range`.
    """
    tune: object = method.tune
    where = f"the tune of {method.name}"
    remedy = 'write tune={"optimiser.learning_rate": Range(1e-4, 1e-1)}, with Range of longlag.methods.base'
    if not isinstance(tune, Mapping):
        raise LonglagError(f"{where} is {shown(tune)}; {remedy}")
    for path, space in tune.items():
        if not isinstance(space, Range):
            raise LonglagError(f"{where} gives {path!r} the range {shown(space)}; {remedy}")


def _check_ends(parts: Parts, path: str, space: Range, where: str) -> None:
    try:
        ends = [as_setting(parts, path, end) for end in (space.low, space.high)]
        low, high = (with_values(parts, {path: end}) for end in ends)
    except LonglagError as error:
        raise LonglagError(f"{where}, {space.low:g} to {space.high:g}: {error}") from None
    if low == high:
        raise LonglagError(f"{where}: {path!r} changes nothing from {space.low:g} to {space.high:g}")
