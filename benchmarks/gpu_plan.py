"""Which conditions of the reference a GPU trains first: those that save most CPU time per second of GPU."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from longlag import protocol, registry
from longlag.methods.base import Method
from longlag.store import records

_NODES = {"TanhRNN": 8}  # kernels of a step, forward and backward; of cells with gates, by automatic differentiation:
_NODES_OF_GATES = 80
_NODE, _DRAW, _HOST = 2.5e-6, 1e-4, 1.5e-3  # seconds: a kernel of a graph; a drawn batch; Python around an update
_EVALUATION = 0.02  # seconds for each replica, every 100 updates
_BATCH, _GRADIENT = 100, 3  # sequences of an update, passes of each
TUNED_AT = ("temporal_order", 50)


@dataclass(frozen=True)
class Piece:
    """A condition with all its seeds, or with all candidates of its search, as one program.

    cpu: seconds that one core took in the reference for as many passes. gpu: seconds, by the numbers above, not by
    measurement. overrides: settings that make it small.
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
    updates = piece.budget / (_GRADIENT * _BATCH)
    steps = registry.get("tasks", piece.task).steps(piece.lag)
    nodes = _NODES.get(type(_parts(piece.method).cell).__name__, _NODES_OF_GATES)
    update = _HOST + _DRAW * piece.replicas + steps * nodes * _NODE + _EVALUATION * piece.replicas / 100
    values = {**vars(piece), "cpu": cpu_per_pass * piece.budget * piece.replicas, "gpu": updates * update}
    return Piece(**values)
