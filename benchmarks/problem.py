"""The net and the sequences of a row, the same for both sides: random numbers of the row's shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from benchmarks.arm import Arrays
from longlag.cells.base import Recurrence, complete
from longlag.cells.gru import GRU
from longlag.cells.lstm import LSTM
from longlag.cells.tanh_rnn import TanhRNN
from longlag.losses import SquaredError
from longlag.model import Model
from longlag.objective import Meter, Objective, Tensors

GATES = {"tanh": 1, "gru": 3, "lstm": 4}


@dataclass(frozen=True)
class Problem:
    """Inputs x [R, T, B, X], targets y [R, 1, B, 1] at the last step, and weights [R, ...] as `tree.Params`."""

    cell: str
    x: Tensor
    y: Tensor
    params: dict[str, Tensor]

    @property
    def hidden(self) -> int:
        return self.params["W_hh"].shape[1]

    def cast(self, dtype: torch.dtype) -> Problem:
        params = {name: value.to(dtype) for name, value in self.params.items()}
        return Problem(self.cell, self.x.to(dtype), self.y.to(dtype), params)

    def replica(self, r: int) -> Problem:
        params = {name: value[r : r + 1].clone() for name, value in self.params.items()}
        return Problem(self.cell, self.x[r : r + 1], self.y[r : r + 1], params)

    def to(self, device: str) -> Problem:
        params = {name: value.to(device) for name, value in self.params.items()}
        return Problem(self.cell, self.x.to(device), self.y.to(device), params)


def problem(
    cell: str, steps: int, batch: int, hidden: int, replicas: int = 1, inputs: int = 2, seed: int = 0
) -> Problem:
    """float32; weights N(0, 1 / fan-in), recurrent spectral radius about 1, biases 0.1 N(0, 1)."""
    rng = np.random.default_rng(seed)
    width = GATES[cell] * hidden
    shapes = {"W_xh": (inputs, width), "W_hh": (hidden, width), "b_h": (width,), "W_hy": (hidden, 1), "b_y": (1,)}
    params = {}
    for name, shape in shapes.items():
        size = 0.1 if name.startswith("b") else shape[0] ** -0.5
        params[name] = _tensor(size * rng.standard_normal((replicas, *shape)))
    x = _tensor(rng.random((replicas, steps, batch, inputs)))
    return Problem(cell, x, _tensor(rng.random((replicas, 1, batch, 1))), params)


def direction(p: Problem) -> dict[str, Tensor]:
    """A random direction of the parameters."""
    rng = np.random.default_rng(1)
    return {name: _tensor(rng.standard_normal(value.shape)).to(value) for name, value in p.params.items()}


def objective(p: Problem) -> Objective:
    """The library's oracle of that problem, metered as in a run."""
    cells: dict[str, Recurrence] = {"tanh": TanhRNN(p.hidden), "gru": GRU(p.hidden), "lstm": LSTM(p.hidden)}
    replicas, _, batch, inputs = p.x.shape
    start = torch.zeros(replicas, batch, dtype=torch.int64, device=p.x.device)
    model = Model(complete(cells[p.cell]), inputs, 1, scored=1)
    active = torch.ones(replicas, dtype=torch.bool)
    return Objective(model, SquaredError(0.04), Tensors(p.x, start, p.y), Meter.zero(replicas), active)


class Net(torch.nn.Module):
    """nn.RNN, nn.GRU or nn.LSTM and a linear readout of the last `scored` states, as anybody would write it.

    [T, B, X] -> [B, O], or [K, B, O] where more than one step is scored.
    """

    def __init__(self, cell: str, params: Mapping[str, Tensor], replica: int = 0, scored: int = 1) -> None:
        super().__init__()
        own = {name: value[replica] for name, value in params.items()}
        kind, self.scored = {"tanh": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}[cell], scored
        self.recurrent = kind(len(own["W_xh"]), len(own["W_hh"]))
        self.readout = torch.nn.Linear(*own["W_hy"].shape)
        with torch.no_grad():
            self.recurrent.bias_hh_l0.zero_()
            for name, theirs in NAMES.items():
                self.get_parameter(theirs).copy_(_transposed(own[name]))
        like = own["W_hh"]
        self.to(device=like.device, dtype=like.dtype)

    def forward(self, x: Tensor) -> Tensor:
        states, last = self.recurrent(x)
        if self.scored > 1:
            return self.readout(states[-self.scored :])
        return self.readout((last if isinstance(last, Tensor) else last[0])[0])  # states[-1] has a costlier derivative


NAMES = {
    "W_xh": "recurrent.weight_ih_l0",
    "W_hh": "recurrent.weight_hh_l0",
    "b_h": "recurrent.bias_ih_l0",
    "W_hy": "readout.weight",
    "b_y": "readout.bias",
}  # torch adds a second bias, which gets the same derivative


def from_torch(named: dict[str, Tensor]) -> Arrays:
    """Values by the names of a `Net`'s parameters, as longlag's names and axes without the replica axis."""
    return {ours: named[theirs].detach().cpu().numpy().T for ours, theirs in NAMES.items()}


def named(net: Net, params: Mapping[str, Tensor], replica: int = 0) -> dict[str, Tensor]:
    """A vector of longlag's parameters by the names of a `Net`; zero along torch's second bias."""
    found = {name: torch.zeros_like(value) for name, value in net.named_parameters()}
    for name, theirs in NAMES.items():
        found[theirs].copy_(_transposed(params[name][replica]))
    return found


def first(params: dict[str, Tensor]) -> Arrays:
    """Replica 0 as arrays."""
    return {name: value[0].detach().cpu().numpy() for name, value in params.items()}


def _transposed(value: Tensor) -> Tensor:
    return value.T if value.dim() == 2 else value


def _tensor(values: np.ndarray) -> Tensor:
    return torch.from_numpy(values.astype(np.float32))
