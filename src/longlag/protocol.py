"""The rules of fair play, as numbers (docs/protocol.md says why).

Stopping is the engine's, not the method's. A small monitor set is evaluated on a fixed grid of passes. Where it meets
the criterion, fresh validation sequences confirm. Then one score on an unused test set is the verdict.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from longlag.errors import LonglagError, shown, unknown

VERSION = 1  # changes whenever a rule does that decides a recorded number
CRITERION = 0.01  # share of test sequences wrong that still counts as solved
CONFIRMATION = 0.008  # two standard errors of 10,000 sequences inside the criterion: a pass is not lost to chance
MONITOR, CONFIRM, TEST = 1000, 10_000, 10_000  # sequences
EVALUATION_BATCH = 1000  # sequences that are drawn at once; another number would draw others
TEST_EVERY_STEP = 1000  # sequences of the test set whose every step is scored
DEFAULT_BUDGET = 10_000_000.0  # sequence passes per seed and lag
TRAINING_PASSES = 3  # of a training sequence: a forward and a backward pass
FIRST_TUNING_SEED = 1_000_000  # reported seeds are below
LAST_TUNING_SEED = 1_999_999
DEFAULT_CANDIDATES = 16  # settings that a search tries beside the recipe: of one task and of a suite alike
MAX_CANDIDATES = 999  # the same; their numbers are in the names of their rows
STOPS = ("solved", "budget")  # when a run ends: confirmed as solved, or never before its budget is spent
GIVE_UP_AFTER = 2  # consecutive unsolved lags at which a seed leaves the ladder

FIRST_EVALUATIONS = (1_000, 3_000, 10_000)  # passes
EVALUATION_EVERY = 30_000  # passes


@dataclass(frozen=True)
class Sets:
    """How many sequences each set holds on which a run is judged. every_step: those of the test set that are scored at
    every step."""

    monitor: int
    confirm: int
    test: int
    every_step: int


def sets() -> Sets:
    """The protocol's own."""
    return Sets(MONITOR, CONFIRM, TEST, TEST_EVERY_STEP)


def next_evaluation(passes: float) -> float:
    """The first point of the evaluation grid beyond `passes`: 1000, 3000, 10,000, 30,000, then every 30,000."""
    early = [first for first in FIRST_EVALUATIONS if first > passes]
    return float(early[0]) if early else EVALUATION_EVERY * (passes // EVALUATION_EVERY + 1)


def _rule(what: str, low: float, open_low: bool = False) -> dict[str, Any]:
    """what: its values in words. low: the smallest one; not itself a value if open_low."""
    return {"what": what, "low": low, "open_low": open_low}


@dataclass(frozen=True)
class Rules:
    """Rules of a paper in the place of those above, for suites that repeat it.

    recent, most_wrong, error_below: a run is solved, and ends, as soon as at most `most_wrong` of the last `recent`
    training sequences were wrong and the mean absolute error of their answers is below `error_below`. recent 0: the
    package's own rule.
    shortest_lag: the lag of each sequence is drawn from shortest_lag to the lag of the run; 0 for one lag.
    test_lags: lags at which the parameters at the end of a run are tested besides.
    """

    recent: int = field(default=0, metadata=_rule("a whole number of sequences", 1))
    most_wrong: int = field(default=0, metadata=_rule("a whole number of sequences", 0))
    error_below: float = field(default=math.inf, metadata=_rule("a number", 0, open_low=True))
    shortest_lag: int = field(default=0, metadata=_rule("a whole number of steps", 1))
    test_lags: tuple[int, ...] = field(default=(), metadata=_rule("a list of whole numbers of steps", 1))

    def given(self) -> dict[str, Any]:
        """The rules that are not the package's own, as plain data."""
        found = {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) != f.default}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Rules:
        """The rules of a mapping from their names.

        Raises:
            LonglagError: an unknown name, a value that the rule cannot have, or a rule without the one it needs.
        """
        known = {f.name: f for f in fields(cls)}
        if other := sorted({*given} - {*known}, key=str):
            raise unknown("rule", other[0], known)
        read = {name: _read(name, value, known[name].default, known[name].metadata) for name, value in given.items()}
        rules = cls(**read)
        if not rules.recent and (idle := sorted({"most_wrong", "error_below"} & {*given})):
            raise LonglagError(f"rule {idle[0]!r} has no effect alone; add recent, a number of training sequences")
        if rules.recent and rules.most_wrong >= rules.recent and rules.error_below == math.inf:
            raise LonglagError(
                f"rule 'most_wrong' cannot be {rules.most_wrong} of {rules.recent} sequences (recent): a net that is "
                "always wrong would be solved; take a smaller number, or add error_below"
            )
        return rules


def _read(name: str, value: Any, default: Any, metadata: Mapping[str, Any]) -> Any:
    """The value of a rule, of the type of its default."""
    listed, low, above = isinstance(default, tuple), metadata["low"], metadata["open_low"]
    kinds = (int, float) if isinstance(default, float) else (int,)  # True is none of them
    each = value if listed and isinstance(value, list | tuple) else [value]
    right = all(type(n) in kinds and (n > low if above else n >= low) for n in each)
    if listed:
        right = right and isinstance(value, list | tuple) and len({*each}) == len(each) > 0
    if not right:
        least = f"{'above' if above else 'at least'} {low}"
        raise LonglagError(f"rule {name!r} cannot be {shown(value)}; it is {metadata['what']}, {least}")
    return tuple(sorted(each)) if listed else type(default)(value)
