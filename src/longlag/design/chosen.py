"""How the settings of a method's rows were chosen: by which searches, or by hand. Read off the suite of the rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from longlag import registry
from longlag.design import schemas, tuned
from longlag.errors import LonglagError
from longlag.settings import bare
from longlag.store.designs import Design

Given = Mapping[str, Sequence[Mapping[str, Any]]]  # task -> the settings that its rows were given, each once


@dataclass(frozen=True)
class Search:
    """What frozen settings say of one search; None: nothing.

    candidates: beside the recipe. seeds: how many. lags: of its tasks. passes: at most, for a candidate, seed and task.
    """

    final: bool
    candidates: int | None
    seeds: int | None
    lags: tuple[int, ...] | None
    passes: float | None


@dataclass(frozen=True)
class Chosen:
    """How settings were chosen; without any search or setting by hand, the method's file alone decides.

    searches: in their order; a later one is the final of the one before. tasks: how many were searched. one: how many
    tasks of the rows have the one setting. by_hand: settings that the suite itself gives. candidate: whether the rows
    are those of a search.
    """

    searches: tuple[Search, ...] = ()
    tasks: int = 0
    one: int = 0
    by_hand: tuple[str, ...] = ()
    candidate: bool = False


def of(design: Design | None, method: str, given: Given) -> Chosen | None:
    """How the settings of some rows were chosen; None if that is not known.

    method: of the package or of a plug-in, of which the rows are or are a variant.
    """
    if design is None:
        return None
    if design.suite.get("search") is not None:
        return Chosen(candidate=True)
    frozen = design.suite.get("tuned")
    try:
        if frozen is not None:
            schemas.check("tuned", frozen)
    except LonglagError:
        return None
    settings = {task: tuned.settings(frozen, method, design.name, task) for task in given}
    by_hand = tuple(sorted({path for task, each in given.items() for path in _others(each, settings[task])}))
    searched = (frozen or {}).get("methods", {}).get(method)
    if frozen is None or searched is None or design.name == method + registry.RECIPE:
        return Chosen(by_hand=by_hand)
    alike = [task for task in given if design.name == method + registry.ONE_SETTING or task not in searched["tasks"]]
    return Chosen(_searches(frozen["search"]), len(searched["tasks"]), len(alike), by_hand)


@dataclass(frozen=True)
class Spent:
    """What a search spent on all its methods: sequence passes and CPU seconds."""

    final: bool
    passes: float
    seconds: float


def spent(designs: Iterable[Design]) -> list[Spent]:
    """The cost of the searches that chose the settings of some rows, each once; nothing of those that do not say it."""
    found: dict[Spent, None] = {}
    for design in designs:
        frozen = design.suite.get("tuned")
        search = frozen.get("search") if isinstance(frozen, Mapping) else None
        found |= dict.fromkeys(_costs(search) if isinstance(search, Mapping) else [])
    return list(found)


def _costs(search: Mapping[str, Any]) -> list[Spent]:
    before, cost = search.get("final_of"), search.get("spent")
    earlier = _costs(before) if isinstance(before, Mapping) else []
    passes, seconds = (cost.get(name) if isinstance(cost, Mapping) else None for name in ("passes", "cpu_seconds"))
    if not isinstance(passes, int | float) or not isinstance(seconds, int | float):
        return earlier
    return [*earlier, Spent(before is not None, passes, seconds)]


def _others(given: Sequence[Mapping[str, Any]], frozen: Mapping[str, Any]) -> set[str]:
    """The settings that rows were given and that are not the frozen ones."""
    known = {bare(path): value for path, value in frozen.items()}
    return {path for each in given for path, value in each.items() if path not in known or known[path] != value}


def _searches(search: Mapping[str, Any]) -> tuple[Search, ...]:
    before = search.get("final_of")
    earlier = _searches(before) if isinstance(before, Mapping) else ()
    seeds, lags, candidates, passes = (search.get(key) for key in ("seeds", "lags", "candidates", "passes"))
    this = Search(
        final=before is not None,
        candidates=candidates if isinstance(candidates, int) else None,
        seeds=len(seeds) if isinstance(seeds, list) else None,
        lags=tuple(lags) if isinstance(lags, list) else None,
        passes=passes if isinstance(passes, int | float) else None,
    )
    return (*earlier, this)
