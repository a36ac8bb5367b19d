"""Specs small enough for a test, and jobs without processes of their own."""

from longlag import cli, registry
from longlag.cli import _jobs
from longlag.engine.spec import RunSpec
from longlag.engine.train import run
from longlag.settings import paths
from longlag.store.records import Point, Row

SMALL = {
    "cell.hidden": 8,
    "optimiser.batch": 10,
    "optimiser.gradient_batch": 20,
    "optimiser.curvature_batch": 5,
    "optimiser.cg.most_iterations": 8,
    "optimiser.sequences": 40,
    "optimiser.validation": 20,
}
UNITS = {"lstm": 4, "lstm_chrono": 4, "random_guessing": 4, "esn": 12, "time_average": 12, "trained_average": 8,
         "esn_momentum": 16, "esn_init": 16, "momentum_plain_init": 16,
         "classical_momentum": 16}  # fmt: skip


def small(method):
    """Settings that make any method of the package a small one: what it has and is larger."""
    if method not in registry.FOLDERS["methods"].names():
        return {}
    parts = registry.get("methods", method).build(registry.get("tasks", "adding").traits, 10)
    wanted = SMALL | ({"cell.hidden": UNITS[method]} if method in UNITS else {})
    return {path: n for path, n in wanted.items() if path in paths(parts) and value(parts, path) > n}


def value(part, path):
    for name in path.split("."):
        part = getattr(part, name)
    return part


def spec(method, task="temporal_order", lag=None, seeds=(0,), budget=600.0, **changes):
    """A run of a second or less, at lag 10 or the task's shortest; methods from outside the package run as they are."""
    lag = lag or max(10, registry.get("tasks", task).shortest)
    overrides = small(method) | changes.pop("overrides", {})
    return RunSpec(task, lag, method, tuple(seeds), budget, overrides, **changes)


def outcome(run_spec):
    """Points and rows of a run."""
    events = list(run(run_spec))
    return [e for e in events if isinstance(e, Point)], [e for e in events if isinstance(e, Row)]


def train_at_once(patch):
    """Jobs of `longlag compare` run in this process. In processes of their own each imports torch, and needs seconds."""

    def train(plan, folder, cores, ended):
        for job in _jobs.pending(plan, folder):
            cli.main(_jobs.words(job, folder))
            ended(job)

    patch.setattr(_jobs, "train", train)


def replaced(words, *change):
    """The words of a command with those of `change`; options that say what is trained in the place of its own."""
    once = {"--task", "--method", "--lag", "--lags", "--seeds"} & {*change}
    places = {place for place, word in enumerate(words) if word in once}
    return [word for place, word in enumerate(words) if not {place, place - 1} & places] + [*change]
