"""The rules of fair play, as numbers (docs/protocol.md says why).

Stopping is the engine's, not the method's. A small monitor set is evaluated on a fixed grid of passes. Where it meets
the criterion, fresh validation sequences confirm. Then one score on an unused test set is the verdict.
"""

from __future__ import annotations

VERSION = 1  # changes whenever a rule does that decides a recorded number
CRITERION = 0.01  # share of test sequences wrong that still counts as solved
CONFIRMATION = 0.008  # two standard errors of 10,000 sequences inside the criterion: a pass is not lost to chance
MONITOR, CONFIRM, TEST = 1000, 10_000, 10_000  # sequences
TEST_EVERY_STEP = 1000  # sequences of the test set whose every step is scored
DEFAULT_BUDGET = 10_000_000.0  # sequence passes per seed and lag
FIRST_TUNING_SEED = 1_000_000  # reported seeds are below
STOPS = ("solved", "budget")  # when a run ends: confirmed as solved, or never before its budget is spent
GIVE_UP_AFTER = 2  # consecutive unsolved lags at which a seed leaves the ladder

FIRST_EVALUATIONS = (1_000, 3_000, 10_000)  # passes
EVALUATION_EVERY = 30_000  # passes


def next_evaluation(passes: float) -> float:
    """The first point of the evaluation grid beyond `passes`: 1000, 3000, 10,000, 30,000, then every 30,000."""
    early = [first for first in FIRST_EVALUATIONS if first > passes]
    return float(early[0]) if early else EVALUATION_EVERY * (passes // EVALUATION_EVERY + 1)
