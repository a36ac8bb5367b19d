"""The same net and the same sequences for both sides: random numbers of the shape that a row names."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from benchmarks.arm import Arrays
from longlag.cells.base import Cell
from longlag.cells.lstm import LSTM
from longlag.cells.tanh_rnn import TanhRNN
from longlag.losses import SquaredError
from longlag.model import Model
from longlag.objective import Meter, Objective, Tensors

GATES = {"tanh": 1, "lstm": 4}


@dataclass(frozen=True)
class Problem:
    """Inputs x [R, T, B, X], targets y [R, 1, B, 1] at the last step, and weights [R, ...] as `longlag.tree.Params`."""

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

    def to(self, device: str) -> Problem:
        params = {name: value.to(device) for name, value in self.params.items()}
        return Problem(self.cell, self.x.to(device), self.y.to(device), params)


def problem(cell: str, steps: int, batch: int, hidden: int, replicas: int = 1, inputs: int = 2, seed: int = 0) -> Problem:
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


def direction(p: Problem, seed: int = 1) -> dict[str, Tensor]:
    """A random direction of the parameters."""
    rng = np.random.default_rng(seed)
    return {name: _tensor(rng.standard_normal(value.shape)).to(value.dtype) for name, value in p.params.items()}


def objective(p: Problem) -> Objective:
    """The library's oracle of that problem, metered as in a run."""
    cells: dict[str, Cell] = {"tanh": TanhRNN(p.hidden), "lstm": LSTM(p.hidden)}
    replicas, steps, batch, inputs = p.x.shape
    start = torch.zeros(replicas, batch, dtype=torch.int64, device=p.x.device)
    model = Model(cells[p.cell], inputs, 1, scored=1)
    asking = torch.ones(replicas, dtype=torch.bool)
    return Objective(model, SquaredError(0.04), Tensors(p.x, start, p.y), Meter.zero(replicas), asking)


class Net(torch.nn.Module):
    """nn.RNN or nn.LSTM and a linear readout of the last state, as anybody would write it: [T, B, X] -> [B, 1]."""

    def __init__(self, p: Problem, replica: int = 0) -> None:
        super().__init__()
        kind = {"tanh": torch.nn.RNN, "lstm": torch.nn.LSTM}[p.cell]
        self.recurrent = kind(p.x.shape[-1], p.hidden)
        self.readout = torch.nn.Linear(p.hidden, 1)
        own = {name: value[replica].cpu() for name, value in p.params.items()}
        with torch.no_grad():
            self.recurrent.weight_ih_l0.copy_(own["W_xh"].T)
            self.recurrent.weight_hh_l0.copy_(own["W_hh"].T)
            self.recurrent.bias_ih_l0.copy_(own["b_h"])
            self.recurrent.bias_hh_l0.zero_()
            self.readout.weight.copy_(own["W_hy"].T)
            self.readout.bias.copy_(own["b_y"])

    def forward(self, x: Tensor) -> Tensor:
        _, last = self.recurrent(x)  # cheaper than states[-1], whose derivative is a tensor of all steps
        return self.readout((last if isinstance(last, Tensor) else last[0])[-1])


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


def first(params: dict[str, Tensor]) -> Arrays:
    """Replica 0 as arrays."""
    return {name: value[0].detach().cpu().numpy() for name, value in params.items()}


def _tensor(values: np.ndarray) -> Tensor:
    return torch.from_numpy(values.astype(np.float32))
