"""Which conditions of the reference a GPU trains first: those that save most CPU time per second of GPU."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from longlag import protocol, registry
from longlag.methods.base import Method
from longlag.store import records

_GRADIENT, _PARAMETERS = 3, 5  # passes of a sequence of an update; tensors of parameters


@dataclass(frozen=True)
class Costs:
    """Seconds on an H100 and its host. kernels: of a step of a cell, forward and backward.

    kernel, number: each kernel, and each number of a state [R, B, H] that it handles. host: Python around an update.
    batch, drawn: each batch of a seed, and each of its input numbers. summed: each tensor of a replica, where a norm is
    a sum for each. drawers: processes that draw ahead. keeps_monitor: a monitor set is drawn once.
    """

    kernels: Mapping[str, int]
    kernel: float = 1.5e-6
    number: float = 1e-11
    host: float = 1.5e-3
    batch: float = 1.5e-4
    drawn: float = 2.5e-9
    summed: float = 1.5e-5
    drawers: int = 0
    keeps_monitor: bool = False

    def of_a_step(self, cell: str) -> int:
        """Kernels of a step; a cell that is not listed is differentiated automatically."""
        return self.kernels.get(cell, 76)


# Measured: the code of the first session on a GPU (commit 0923a78). Its two pieces, P12 and profiles of an update gave
# the seconds above; kernels are counted (`kernels.py`), those of an LSTM without torch's own cell.
MEASURED = Costs({"TanhRNN": 7})
NOW = Costs({"TanhRNN": 4, "ReluRNN": 4, "GRU": 8, "LSTM": 12}, summed=0.0, drawers=4, keeps_monitor=True)
TUNED_AT = ("temporal_order", 50)


@dataclass(frozen=True)
class Piece:
    """A condition with all its seeds, or with all candidates of its search, as one program.

    cpu: seconds that one core took in the reference for as many passes. gpu: seconds, by `NOW`. overrides: settings
    that make it small.
    """

    method: str
    task: str
    lag: int
    seeds: tuple[int, ...]
    budget: float
    candidates: int = 0
    cpu: float = 0.0
    gpu: float = 0.0
    overrides: dict[str, Any] = field(default_factory=dict)

    @property
    def replicas(self) -> int:
        return len(self.seeds) * max(1, self.candidates)

    def __str__(self) -> str:
        what = f"{self.candidates} candidates x {len(self.seeds)}" if self.candidates else f"{len(self.seeds)}"
        return f"{self.method} on {self.task}, lag {self.lag}, {what} seeds"


def plan(rows: Sequence[records.Row], seeds: int, candidates: int, tuning_seeds: int, budget: float) -> list[Piece]:
    """Every condition of these rows whose method trains replicas together, and the search of each such method, by
    value: CPU seconds for a second of GPU."""
    rates: dict[tuple[str, str, int], list[float]] = defaultdict(list)
    for row in rows:
        if row.passes > 0 and _together(row.method):
            rates[row.method, row.task, row.lag].append(row.seconds / row.passes)
    found = []
    for (method, task, lag), rate in rates.items():
        own, n = sum(rate) / len(rate), tuple(range(seeds))
        found.append(_costed(Piece(method, task, lag, n, budget), own))
        if (task, lag) == TUNED_AT and registry.get("methods", method).tune:
            tuning = tuple(protocol.FIRST_TUNING_SEED + k for k in range(tuning_seeds))
            found.append(_costed(Piece(method, task, lag, tuning, budget, candidates), own))
    return sorted(found, key=lambda piece: -piece.cpu / piece.gpu)


def _together(name: str) -> bool:
    """Whether a gradient method of the package trains any number of replicas as one program."""
    return name in registry.names("methods") and hasattr(_parts(name).optimiser, "clipping")


def _parts(name: str) -> Any:
    method: Method = registry.get("methods", name)
    return method.build(registry.get("tasks", TUNED_AT[0]).traits, TUNED_AT[1])


def _costed(piece: Piece, cpu_per_pass: float) -> Piece:
    own = Condition.of(piece.method, piece.task, piece.lag, piece.replicas)
    updates, evaluations = piece.budget / own.passes, piece.budget / 3e4
    gpu = updates * own.update(NOW) + own.evaluations(NOW, evaluations)
    return replace(piece, cpu=cpu_per_pass * piece.budget * piece.replicas, gpu=gpu)


@dataclass(frozen=True)
class Condition:
    """The sizes of a program: R replicas of a method on a task at a lag. batch: sequences of an update."""

    cell: str
    hidden: int
    replicas: int
    steps: int
    inputs: int
    batch: int
    population: int | None

    @classmethod
    def of(cls, method: str, task: str, lag: int, replicas: int) -> Condition:
        own, parts = registry.get("tasks", task), _parts(method)
        batch = min(parts.optimiser.batch, own.population or parts.optimiser.batch)
        return cls(type(parts.cell).__name__, parts.cell.hidden, replicas, own.steps(lag), len(own.traits.roles), batch,
                   own.population)  # fmt: skip

    @property
    def passes(self) -> int:
        """Of an update, per replica."""
        return _GRADIENT * self.batch

    def update(self, costs: Costs) -> float:
        """Seconds of an update."""
        state = self.replicas * self.batch * self.hidden
        gradient = self.steps * costs.of_a_step(self.cell) * (costs.kernel + state * costs.number)
        rest = costs.host + gradient + self.replicas * _PARAMETERS * costs.summed
        drawing = self.drawing(costs, self.batch)
        return max(rest, drawing / costs.drawers) if costs.drawers else rest + drawing

    def evaluations(self, costs: Costs, count: float) -> float:
        """Seconds to draw what is evaluated: a monitor set each time, and the test set once."""
        monitor, test = (min(n, self.population or n) for n in (protocol.MONITOR, protocol.TEST))
        return (1 if costs.keeps_monitor else count) * self.drawing(costs, monitor) + self.drawing(costs, test)

    def drawing(self, costs: Costs, n: int) -> float:
        """Seconds to draw n sequences for every replica here."""
        return self.replicas * (costs.batch + n * self.steps * self.inputs * costs.drawn)
