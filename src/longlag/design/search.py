"""A search as a design: every method of a cell becomes its recipe and its candidates, on seeds of tuning.

    search: {candidates: 16, seeds: 2}

makes of `lstm` the runs of `lstm-00` (the recipe) to `lstm-16`; both numbers are the defaults. What a candidate changes
is worked out where methods can be imported (`engine/candidates.py`): a design knows its number alone.

    search: {grid: {optimiser.learning_rate.value: [1.0e-3, 1.0e-4]}, seeds: 2}

makes of `lstm` the runs of `lstm-01` and `lstm-02`, one for each value, or for each combination of several settings.
With `by: error` a paper chooses the one with the fewest validation sequences wrong, in place of the lowest loss: for a
task whose loss is mostly of answers that nobody can know.

    search: {finalists: config/tuned/tuning.yaml, seeds: 2}

makes of `lstm` the runs of its recipe and of the candidates that an earlier search chose, under their numbers there: a
final, at lags or with budgets that the whole search could not afford.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from statistics import fmean
from typing import Any

from longlag import protocol
from longlag.design.job import candidate_name
from longlag.errors import LonglagError

DEFAULT_SEEDS = 2
EXAMPLE = f"search: {{candidates: {protocol.DEFAULT_CANDIDATES}, seeds: {DEFAULT_SEEDS}}}"
_WAYS = ("grid", "candidates", "finalists")  # of saying which candidates there are


def completed(search: Mapping[str, Any]) -> dict[str, Any]:
    """The search with the number of its candidates, for the record, if it does not say which candidates there are."""
    return {**search} if {*_WAYS} & {*search} else {"candidates": protocol.DEFAULT_CANDIDATES, **search}


def seeds(search: Mapping[str, Any]) -> range:
    """The tuning seeds of a search: n of them from the first, or a range "first:end".

    Raises:
        LonglagError: an empty range, or one with seeds that are not of tuning.
    """
    given, first = search.get("seeds", DEFAULT_SEEDS), protocol.FIRST_TUNING_SEED
    found = range(*map(int, given.split(":"))) if isinstance(given, str) else range(first, first + given)
    if not found:
        raise LonglagError(f"search.seeds {given!r} is an empty range; the end of first:end is not part of it")
    if found.start < first:
        raise LonglagError(f"search.seeds {given!r} has seeds below {first}, which are for reported runs")
    if found.stop - 1 > protocol.LAST_TUNING_SEED:
        raise LonglagError(
            f"search.seeds {given!r} go beyond {protocol.LAST_TUNING_SEED}, the last seed of tuning; write a range "
            f"from {first} on, such as {first}:{first + DEFAULT_SEEDS}"
        )
    return found


def check(full: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """Raises LonglagError for a search whose suite or cell names seeds of its own. given: what the file has."""
    if full["search"] is None:
        return
    seeds(full["search"])
    if len(ways := [key for key in _WAYS if key in full["search"]]) > 1:
        raise LonglagError(
            f"search has {' and '.join(ways)}; each says which candidates there are, so keep one of them"
        )
    if "by" in full["search"] and "grid" not in full["search"]:
        raise LonglagError("search.by decides among the points of a grid, and there is none; leave it out")
    if full["tuned"] is not None:
        raise LonglagError("search and tuned exclude each other: a search begins with the recipes; drop tuned")
    for where, mapping in (("the suite", given), *((f"cells[{i}]", cell) for i, cell in enumerate(given["cells"]))):
        if "seeds" in mapping:
            raise LonglagError(
                f"seeds {mapping['seeds']!r} of {where} are those of reported runs; a search has tuning seeds, "
                f"{EXAMPLE}"
            )


def size(search: Mapping[str, Any] | None) -> int:
    """How many methods of a design come of one."""
    if search is None:
        return 1
    if "finalists" in search:
        return 3  # at most, on a task
    return math.prod(map(len, search["grid"].values())) if "grid" in search else 1 + int(search["candidates"])


def chosen_by(search: Mapping[str, Any]) -> str:
    """The column of a learning curve whose last number decides among the points of a grid."""
    return str(search.get("by", "loss"))


def best(losses: Mapping[int, Sequence[float]]) -> int | None:
    """The candidate of a grid with the lowest validation loss, a mean over tuning seeds; the lower number wins a tie.
    One of which a seed has no finite loss is out. None: all are.

    losses: per candidate, the last validation loss of each tuning seed, or the share wrong where that decides.

    >>> best({1: [0.5, 0.3], 2: [0.2, 0.4], 3: [0.1, float("nan")]})
    2
    """
    mean = {number: fmean(of) for number, of in losses.items() if of and all(map(math.isfinite, of))}
    return min(mean, key=lambda number: (mean[number], number)) if mean else None


def points(search: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The points of a grid, by setting; the last setting changes first.

    >>> points({"grid": {"a": [1, 2], "b": [3, 4]}})[1]
    {'a': 1, 'b': 4}
    """
    grid = search["grid"]
    return [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]


Entrant = tuple[str, str, int | None, dict[str, Any]]


def finalists(chosen: Mapping[str, Any], method: str, tasks: Sequence[str]) -> list[int]:
    """The numbers of the recipe, of the one setting and of those chosen for these tasks.

    chosen: what `tuned.read` returns.

    Raises:
        LonglagError: a method or task that was not searched, or a file that does not number its choices.
    """
    found = chosen["methods"].get(method)
    if found is None:
        raise LonglagError(f"method {method!r} has no finalists; they are of {', '.join(sorted(chosen['methods']))}")
    if "candidates" not in found:
        raise LonglagError("the file of finalists does not number its choices; `longlag tune --suite` writes it again")
    numbers = found["candidates"]
    for task in tasks:
        if task not in numbers["tasks"]:
            raise LonglagError(f"{method} has no finalist for {task}; it was searched on {', '.join(numbers['tasks'])}")
    return sorted({0, numbers["one"], *(numbers["tasks"][task] for task in tasks)})


def entrants(search: Mapping[str, Any] | None, method: str, base: str, tasks: Sequence[str]) -> Iterator[Entrant]:
    """What a method of a cell stands for on these tasks: name in the records, method of which it is a variant, number
    as a candidate, settings. A point of a grid is candidate 0, the recipe, with these settings.

    base: the method of which `method` itself is a variant; "" if it is none.

    Raises:
        LonglagError: a final without finalists.
    """
    if search is None:
        yield method, base, None, {}
    elif "grid" in search:
        for number, point in enumerate(points(search), start=1):
            yield candidate_name(method, number), base or method, 0, point
    else:
        chosen = search.get("finalists")
        for number in finalists(chosen, method, tasks) if chosen else range(size(search)):
            yield candidate_name(method, number), base or method, number, {}
