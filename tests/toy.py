"""Specs small enough for a test."""

from longlag.engine.spec import RunSpec
from longlag.engine.train import run
from longlag.store.records import Point, Row

TOY = {
    "control": {"cell.hidden": 8, "optimiser.batch": 10},
    "clipping": {"cell.hidden": 8, "optimiser.batch": 10},
    "lstm": {"cell.hidden": 4, "optimiser.batch": 10},
    "lstm_chrono": {"cell.hidden": 4, "optimiser.batch": 10},
    "hf": {"cell.hidden": 8, "optimiser.gradient_batch": 40, "optimiser.curvature_batch": 20,
           "optimiser.cg.most_iterations": 12},
    "esn": {"cell.hidden": 12, "optimiser.sequences": 40, "optimiser.validation": 20},
    "esn_momentum": {"cell.hidden": 16, "optimiser.batch": 10},
    "esn_init": {"cell.hidden": 16, "optimiser.batch": 10},
    "momentum_plain_init": {"cell.hidden": 16, "optimiser.batch": 10},
    "constant": {"optimiser.sequences": 40, "optimiser.validation": 20},
    "time_average": {"cell.hidden": 12, "optimiser.sequences": 40, "optimiser.validation": 20},
    "random_guessing": {"cell.hidden": 4, "optimiser.batch": 10},
}  # fmt: skip
TOY["hf_undamped"] = TOY["hf"]


def spec(method, task="temporal_order", lag=10, seeds=(0,), budget=600.0, **changes):
    """A run of a second or less; unknown methods (plug-ins) run as they are."""
    overrides = TOY.get(method, {}) | changes.pop("overrides", {})
    return RunSpec(task, lag, method, tuple(seeds), budget, overrides, **changes)


def outcome(run_spec):
    """Points and rows of a run."""
    events = list(run(run_spec))
    return [e for e in events if isinstance(e, Point)], [e for e in events if isinstance(e, Row)]
