"""What to run: a spec; its setup, with the parts built and checked; and the row that it will fill."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from longlag import memory, protocol, registry
from longlag.cells.base import complete
from longlag.discovery import check_name
from longlag.engine import candidates, memory_limit, recent
from longlag.engine.devices import check_device
from longlag.engine.provenance import provenance
from longlag.errors import LonglagError, in_a_line, shown
from longlag.losses import Loss
from longlag.methods.base import Method, Parts
from longlag.model import Model
from longlag.ranges import check_shapes, is_number, is_whole
from longlag.settings import describe, present, with_values
from longlag.store.records import Row
from longlag.tasks._ranged import ranged
from longlag.tasks.base import EVERY_STEP, Task, check_declared, check_lag

MAX_BUDGET = 1e18  # sequence passes
LARGEST_SEED = 2**63 - 1  # beyond it a runs file could be written, and not read


@dataclass(frozen=True)
class RunSpec:
    """What to train.

    task, method: names, as `longlag list` shows them.
    lag: nominal lag T, steps.
    budget: sequence passes of each seed.
    overrides: settings by path, as in `--set`; one whose path ends in ? only where the method has it.
    timeout: wall-clock seconds of each seed; a replica has its equal share of its program's. None is no limit.
    device: "cpu", "cuda" or "cuda:0".
    block: replicas trained as one program; 0 means all seeds on a GPU and where the cell is faster so, else 1. It
    changes no number of a row on a CPU; a GPU rounds differently in blocks of another size.
    gradient_flow: record it at each evaluation, for 1 to 4 % more time. It changes no number of a row.
    variant: the name in the records of a method with other settings; "" is the method's own. It changes no number.
    candidate: a point of the method's declared space, as `candidates.settings` numbers them (0: its recipe); `resolve`
    adds its settings to the overrides.
    stop: when a run ends, one of `protocol.STOPS`. A paper may train on after the task is solved.
    rules: those of a paper in the place of the package's, as `protocol.Rules` names them.
    """

    task: str
    lag: int
    method: str
    seeds: tuple[int, ...]
    budget: float = protocol.DEFAULT_BUDGET
    overrides: Mapping[str, Any] = field(default_factory=dict)
    timeout: float | None = None
    device: str = "cpu"
    block: int = 0
    gradient_flow: bool = False
    variant: str = ""
    candidate: int | None = None
    stop: str = protocol.STOPS[0]
    rules: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of the method or variant in the records."""
        return self.variant or self.method


@dataclass(frozen=True)
class Setup:
    """A resolved spec: the task, the method and its parts.

    loss: what is minimised; the task's own loss decides what counts as wrong. rules: of a paper, if they are given.
    spec_json: everything that decides the numbers. spec_hash: a digest of it. sets: smaller ones than the protocol's
    are for a look at whether a run works, whose row is not kept.
    """

    spec: RunSpec
    task: Task
    method: Method
    parts: Parts
    model: Model
    loss: Loss
    spec_json: str
    spec_hash: str
    rules: protocol.Rules = field(default_factory=protocol.Rules)
    sets: protocol.Sets = field(default_factory=protocol.sets)

    def trained_parameters(self) -> int:
        """Number of parameters of one replica that the optimiser changes."""
        shapes = self.model.shapes()
        return sum(math.prod(shapes[name]) for name in self.parts.optimiser.trained or shapes)

    def with_seeds(self, seeds: Sequence[int]) -> Setup:
        """The same for other seeds: no part depends on them, and neither does the hash."""
        return replace(self, spec=replace(self.spec, seeds=tuple(seeds)))


def resolve(spec: RunSpec) -> Setup:
    """Looks up the names, builds the parts and checks the numbers.

    Raises:
        LonglagError: unknown method, task, setting, stop or rule; a value that one of them or a field cannot have; a
            method that cannot be built for the task; a device that cannot be used; more memory than there is.
    """
    check_device(spec.device)
    setup = resolve_elsewhere(spec)
    longest = max(spec.lag, *setup.rules.test_lags, 0)
    memory_limit.check(setup.task, longest, setup.model, setup.parts.optimiser)
    return setup


def resolve_elsewhere(spec: RunSpec) -> Setup:
    """`resolve` for another machine: digests are planned where no GPU is, and less memory.

    Raises:
        LonglagError: all that `resolve` refuses, but for the device and the memory.
    """
    task, method = registry.get("tasks", spec.task), registry.get("methods", spec.method)
    _check_mappings(spec)
    rules = protocol.Rules.of(spec.rules)
    _check_variant(spec)
    if spec.stop not in protocol.STOPS:
        raise LonglagError(f"stop {shown(spec.stop)} is not a rule; it is one of {', '.join(protocol.STOPS)}")
    if rules.recent and spec.stop != protocol.STOPS[0]:
        raise LonglagError(f"rule 'recent' ends a run early, and stop {spec.stop!r} does not; leave one of them out")
    _check_numbers(spec)
    spec = _plain(spec)
    check_declared(task, spec.lag)
    built = _built(method, task, spec.lag)
    if spec.candidate is not None:
        chosen = candidates.settings(method, int(spec.candidate), built)
        spec = replace(spec, overrides={**spec.overrides, **chosen}, candidate=None)
    spec = replace(spec, overrides=present(built, spec.overrides))
    parts = with_values(built, spec.overrides)
    task = _under(rules, task, spec.lag)
    model = model_of(task, spec.lag, parts)
    _check_shapes(method, task, model)
    spec_json = json.dumps(_decides(spec, task, method, parts, rules), sort_keys=True)
    spec_hash = hashlib.sha256(spec_json.encode()).hexdigest()[:16]
    return Setup(spec, task, method, parts, model, parts.loss or task.loss, spec_json, spec_hash, rules)


def _decides(spec: RunSpec, task: Task, method: Method, parts: Parts, rules: protocol.Rules) -> dict[str, Any]:
    """All that decides the numbers of a run; its digest is the row's `spec_hash`."""
    found: dict[str, Any] = {
        "task": {"name": task.name, "version": task.version, **registry.source("tasks", spec.task)},
        "lag": spec.lag,
        "method": {
            "name": method.name,
            "version": method.version,
            "parts": describe(parts),
            **registry.source("methods", spec.method),
        },
        "budget": spec.budget,
        "overrides": dict(spec.overrides),
        "timeout": spec.timeout,
        "device": spec.device.partition(":")[0],
        "protocol": protocol.VERSION,
        **({"stop": spec.stop} if spec.stop != protocol.STOPS[0] else {}),  # digests of older suites have no such key
    }
    if given := rules.given():
        found["rules"] = given
    return found


def _under(rules: protocol.Rules, task: Task, lag: int) -> Task:
    """The task as the rules want it.

    Raises:
        LonglagError: the task cannot have it so.
    """
    recent.check(task.loss, rules)
    for other in rules.test_lags:
        check_lag(task, other)
    if rules.test_lags and task.traits.scored == EVERY_STEP:
        raise LonglagError(f"task {task.name!r} is scored at every step of one lag; leave out the rule 'test_lags'")
    return ranged(task, rules.shortest_lag, lag) if rules.shortest_lag else task


def _check_mappings(spec: RunSpec) -> None:
    for name, given in (("overrides", spec.overrides), ("rules", spec.rules)):
        if not (isinstance(given, Mapping) and all(isinstance(key, str) for key in given)):
            raise LonglagError(f"{name} {shown(given)} are no mapping from names to values; {{}} changes nothing")


def _check_numbers(spec: RunSpec) -> None:
    whole = isinstance(spec.seeds, Sequence) and all(is_whole(seed) for seed in spec.seeds)
    if not whole or len({*spec.seeds}) < len(spec.seeds):
        raise LonglagError(f"seeds {shown(spec.seeds)} are not distinct whole numbers in a tuple, such as (0, 1, 2)")
    if outside := [seed for seed in spec.seeds if not 0 <= seed <= LARGEST_SEED]:
        raise LonglagError(f"seed {outside[0]} is not a whole number from 0 to {LARGEST_SEED}, as records can hold")
    if not is_whole(spec.lag):
        raise LonglagError(f"lag {shown(spec.lag)} is not a whole number of steps")
    if not is_number(spec.budget) or not 0 < spec.budget <= MAX_BUDGET:
        raise LonglagError(
            f"budget {shown(spec.budget)} is not a positive number of sequence passes of at most {MAX_BUDGET:g}"
        )
    for name, value, means in (
        ("candidate", 0 if spec.candidate is None else spec.candidate, "the recipe, and None changes no setting"),
        ("block", spec.block, "all seeds where that is faster, else one"),
    ):
        if not (is_whole(value) and value >= 0):
            raise LonglagError(f"{name} {shown(value)} is not a whole number of 0 or more; 0 is {means}")
    if not isinstance(spec.gradient_flow, bool):
        raise LonglagError(f"gradient_flow {shown(spec.gradient_flow)} is neither True nor False")
    if spec.timeout is not None and not (is_number(spec.timeout) and 0 < spec.timeout < math.inf):
        raise LonglagError(f"timeout {shown(spec.timeout)} is not a positive number of seconds; None is no time limit")


def _plain(spec: RunSpec) -> RunSpec:
    """The spec with Python's own numbers: rows, rungs and checkpoints cannot hold those of numpy."""
    timeout, seeds = None if spec.timeout is None else float(spec.timeout), tuple(int(seed) for seed in spec.seeds)
    lag, block, budget = int(spec.lag), int(spec.block), float(spec.budget)
    return replace(spec, lag=lag, seeds=seeds, budget=budget, timeout=timeout, block=block)


def _check_variant(spec: RunSpec) -> None:
    """Two recipes under one name would be one method in every table."""
    if spec.variant and spec.variant != spec.method and spec.variant in registry.names("methods"):
        raise LonglagError(f"variant {spec.variant!r} of {spec.method!r} has the name of a method; choose another name")
    if spec.variant:
        check_name(spec.variant, "a variant")


def _built(method: Method, task: Task, lag: int) -> Parts:
    """The method's parts. An exception from the method's code becomes an error that names the method."""
    try:
        parts = method.build(task.traits, lag)
        json.dumps(describe(parts))
    except LonglagError:
        raise
    except Exception as error:
        reason = in_a_line(error, registry.file("methods", method.name))
        remedy = f"its build must return Parts of frozen dataclasses for kind {task.traits.kind!r}"
        raise LonglagError(
            f"method {method.name!r} cannot be built for task {task.name!r} ({reason}); {remedy}"
        ) from error
    if not isinstance(parts, Parts):
        raise LonglagError(f"method {method.name!r} built a {type(parts).__name__}; its build must return Parts")
    return parts


def _check_shapes(method: Method, task: Task, model: Model) -> None:
    """Asks the model for its shapes. An exception from a cell's code becomes an error that names the method."""
    try:
        check_shapes(model.shapes())
    except LonglagError as error:
        raise LonglagError(f"method {method.name!r} cannot be built for task {task.name!r}: {error}") from error
    except Exception as error:
        reason = in_a_line(error, registry.file("methods", method.name))
        raise LonglagError(
            f"method {method.name!r} cannot be built for task {task.name!r} ({reason}); its cell must have `hidden`, "
            "the number of units, and `shapes(n_inputs)`, which returns the shape of every parameter"
        ) from error


def model_of(task: Task, lag: int, parts: Parts) -> Model:
    """The model of the parts for a task at a lag. Raises LonglagError for parts of other inputs, outputs or classes."""
    inputs, outputs = len(task.traits.roles), len(task.traits.target_mean)
    for name, wanted in (("inputs", inputs), ("outputs", outputs)):
        given = len(getattr(parts.centring, name))
        if given != wanted:
            raise LonglagError(f"setting 'centring.{name}' has {given} numbers; task {task.name!r} has {wanted} {name}")
    classes = describe(parts.loss).get("classes", task.traits.classes) if parts.loss else task.traits.classes
    if classes != task.traits.classes:
        has = f"task {task.name!r} has {task.traits.classes} classes"
        raise LonglagError(f"setting 'loss.classes' cannot be {classes}; {has}")
    shift = parts.centring.inputs if any(parts.centring.inputs) else None
    scored = task.steps(lag) if task.traits.scored == EVERY_STEP else task.traits.scored
    return Model(complete(parts.cell), inputs, outputs, scored, parts.readout, parts.feedback, shift)


def unmeasured_row(setup: Setup, seed: int, started: str, **measured: Any) -> Row:
    """A row of the setup; columns that are not in `measured` are nan, zero or empty."""
    task, nan = setup.task, float("nan")
    blank: dict[str, Any] = dict.fromkeys(
        ("passes_to_solve", "test_error", "test_loss", "test_symbol_error", "test_error_every_step", "best_error"), nan
    )
    known = {
        "task": task.name, "lag": setup.spec.lag, "minimal_lag": int(task.minimal_lag(setup.spec.lag)),
        "method": setup.spec.name, "seed": seed, "solved": False, "passes": 0.0, "budget": setup.spec.budget,
        "flops": 0.0, "updates": 0, "evaluation_passes": 0.0, "loss": setup.loss.name, "parameters": 0,
        "seconds": 0.0, "wall_seconds": 0.0, "started": started, "peak_megabytes": memory.peak() / 2**20 or nan,
        "task_version": task.version, "method_version": setup.method.version, "protocol_version": protocol.VERSION,
        "spec_hash": setup.spec_hash, "spec": setup.spec_json,
    }  # fmt: skip
    baselines = {
        f"{name}_{score}": float(getattr(task.baselines[name], score))
        for name in ("constant", "half_solved")
        for score in ("error", "loss")
    }
    return Row(**(blank | known | baselines | provenance(setup.spec.device) | measured))
