"""How much of an error at the last step reaches the states before: of any cell, along all paths, by autograd."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from longlag.cells.base import State
from longlag.cells.lstm import LSTM
from longlag.model import Model
from longlag.objective import Tensors
from longlag.tree import Params


def error_flow(model: Model, params: Params, batch: Tensors, errors: Tensor) -> np.ndarray:
    """||dE/ds_t|| / ||dE/ds_T|| for t = 1 to T, [T, B]: s_t is the last part of the state (an LSTM's cell, a plain
    net's hidden state), E the product of the last outputs with `errors` [B, O]. One replica, in float64."""
    doubled = {name: value.double().detach() for name, value in params.items()}
    states = [state[-1] for state in unrolled(model, doubled, batch)]
    outputs = model.read(doubled, states_seen(model, doubled, batch, states))
    flows = torch.autograd.grad((outputs[0, 0] * errors).sum(), states)
    norms = torch.stack([flow[0].norm(dim=-1) for flow in flows])
    return (norms / norms[-1].clamp(min=torch.finfo(torch.float64).tiny)).numpy()


def unrolled(model: Model, params: Params, batch: Tensors) -> list[State]:
    """The states after each step, as a graph whose every state can be asked for its derivative."""
    drives = model.cell.drive(params, model.centred(batch.x).double())
    state, states = model.cell.start(params, len(batch)), []
    with torch.enable_grad():
        for drive in drives.unbind(1):
            state = model.cell.step(params, state, drive)[0]
            state = tuple(part if part.requires_grad else part.requires_grad_() for part in state)
            states.append(state)
    return states
