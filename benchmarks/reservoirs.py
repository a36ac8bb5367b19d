"""P7: the states of a sparse reservoir driven by many sequences, against reservoirpy.

Both get the same weights (10 connections per unit, spectral radius 0.9, no leak). Ours returns the data
of a readout's fit, the last state of every sequence. reservoirpy processes one sequence at a time and returns all
states. It is timed on `sequences` of the batch and the time is scaled up: its cost per sequence is constant.
"""

from __future__ import annotations

from importlib import import_module

import numpy as np
import torch

from benchmarks.arm import Arm, Missing
from longlag.cells.reservoir import Reservoir
from longlag.inits.base import sparse_columns, spectral_radius

Weights = dict[str, np.ndarray]


def weights(hidden: int, inputs: int, seed: int = 0) -> Weights:
    rng = np.random.default_rng(seed)
    recurrent = sparse_columns(rng, hidden, 10)
    return {
        "W_hh": recurrent * (0.9 / spectral_radius(recurrent)),
        "W_xh": 0.5 * rng.standard_normal((inputs, hidden)),
        "b_h": 0.1 * rng.standard_normal(hidden),
    }


def drive(steps: int, batch: int, inputs: int, seed: int = 1) -> np.ndarray:
    """[T, B, X]."""
    return np.random.default_rng(seed).random((steps, batch, inputs))


def ours(steps: int, batch: int, hidden: int, dtype: str = "float32", scored: int = 1) -> Arm:
    """`Reservoir.states`, all sequences at once."""
    kind = getattr(torch, dtype)
    params = {name: torch.from_numpy(value[None]).to(kind) for name, value in weights(hidden, 2).items()}
    x = torch.from_numpy(drive(steps, batch, 2)[None]).to(kind)
    start, cell = torch.zeros(1, batch, dtype=torch.int64), Reservoir(hidden)
    found: torch.Tensor | None = None

    def work() -> None:
        nonlocal found
        found = cell.states(params, x, start, scored)

    def states() -> dict[str, np.ndarray]:
        assert found is not None
        return {"states": found[0, -1].numpy()}

    return Arm(work, states)


def reservoirpy(steps: int, batch: int, hidden: int, sequences: int, dtype: str = "float64") -> Arm:
    """reservoirpy's Reservoir with sparse weights, sequence by sequence."""
    try:
        Peer = import_module("reservoirpy.nodes").Reservoir
        csr_array = import_module("scipy.sparse").csr_array
    except ImportError as error:
        raise Missing(f"reservoirpy cannot be imported ({error}); `make bench-peers` installs it") from error
    kind = np.dtype(dtype)
    w = {name: value.T.astype(kind) for name, value in weights(hidden, 2).items()}
    x = np.ascontiguousarray(drive(steps, batch, 2).transpose(1, 0, 2).astype(kind))  # [B, T, X]
    node = Peer(Win=w["W_xh"], W=csr_array(w["W_hh"]), bias=w["b_h"], dtype=kind.type)
    last = np.empty((sequences, hidden))

    def work() -> None:
        for n in range(sequences):
            if node.initialized:
                node.reset()
            last[n] = node.run(x[n])[-1]

    return Arm(work, lambda: {"states": last})
