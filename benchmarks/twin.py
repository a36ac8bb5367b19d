"""P11: the naive twin, which runs the same conditions of the standard suite as longlag.

The twin is what a first script would be: nn.RNN or nn.LSTM, `backward()`, torch.optim; Gauss-Newton products by double
backward with the graph kept; a reservoir that processes one sequence after another with a dense matrix. It has the
same sequences, start, optimiser settings and evaluations. Difference: it feeds the padding of late sequences instead
of holding the state (no less work). Not reimplemented: the fit of the reservoir's readout, and `HessianFree` with CG.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.arm import Arm
from benchmarks.loop import data
from benchmarks.problem import Net, from_torch, named
from longlag import protocol
from longlag.algebra.tree import Params
from longlag.engine.data import MONITOR, Data, Draws
from longlag.objective import Objective, Tensors
from longlag.optimisers.adam import Adam
from longlag.optimisers.clipping import ClipNorm
from longlag.optimisers.hessian_free import HessianFree
from longlag.optimisers.nesterov import Nesterov


def update(sequences: int = 0, **condition: Any) -> Arm:
    """One update of the twin, including its draw; for a reservoir, the states of `sequences` sequences."""
    own = data(**condition)
    optimiser = own.setup.parts.optimiser
    if own.setup.method.name == "esn":
        return _reservoir(own, sequences)
    if isinstance(optimiser, HessianFree):
        return _hessian_free(own, optimiser)
    return gradient(own, optimiser, net_of(own))


def evaluation(sequences: int = 0, **condition: Any) -> Arm:
    """One evaluation of the twin on the monitor set; for a reservoir, on `sequences` sequences."""
    own = data(**condition)
    task, model = own.setup.task, own.setup.model
    if own.setup.method.name == "esn":
        return _reservoir(own, sequences)
    net = net_of(own)

    def work() -> None:
        batch = own.batch(MONITOR, 0, protocol.MONITOR)
        with torch.no_grad():
            outputs = net(model.centred(batch.x)[0]).reshape(1, model.scored, len(batch), model.n_outputs)
            task.loss.wrong(outputs, batch.y).any(1).sum()
            task.loss.value(outputs, batch.y)

    return Arm(work)


def net_of(own: Data) -> Net:
    """The twin's net, at the start of that run."""
    model = own.setup.model
    kinds = {"TanhRNN": "tanh", "LSTM": "lstm", "GRU": "gru"}
    return Net(kinds[type(own.setup.parts.cell).__name__], own.start(), scored=model.scored)


def gradient(own: Data, settings: Any, net: Net) -> Arm:
    """`backward()`, `clip_grad_norm_` if the method clips, and the optimiser's counterpart in torch."""
    model = own.setup.model
    trained = [p for name, p in net.named_parameters() if name != "recurrent.bias_hh_l0"]
    optimiser, draws, t = _torch_optimiser(settings, trained), Draws(own), 0

    def work() -> None:
        nonlocal t
        batch = draws(settings.batch).batch
        optimiser.zero_grad()
        loss_of(net(model.centred(batch.x)[0]), batch.y).backward()
        if isinstance(settings.clipping, ClipNorm):
            torch.nn.utils.clip_grad_norm_(trained, settings.clipping.threshold)
        if isinstance(settings, Nesterov):
            optimiser.param_groups[0]["momentum"] = settings.momentum(t)
        optimiser.step()
        t += 1

    return Arm(work, lambda: from_torch(dict(net.named_parameters())))


def _torch_optimiser(settings: Any, trained: list[Any]) -> torch.optim.Optimizer:
    if isinstance(settings, Adam):
        return torch.optim.Adam(trained, settings.learning_rate, (settings.beta_1, settings.beta_2), settings.epsilon)
    if isinstance(settings, Nesterov):
        rate = settings.learning_rate(0)
        return torch.optim.SGD(trained, rate, momentum=0.9, nesterov=True)  # the momentum is set at each update
    return torch.optim.SGD(trained, settings.learning_rate)


def loss_of(outputs: Tensor, y: Tensor) -> Tensor:
    """[B, O] or [K, B, O] -> the mean over steps and sequences, by the function of torch."""
    if y.dtype == torch.int64:
        return torch.nn.functional.cross_entropy(outputs.reshape(-1, outputs.shape[-1]), y.flatten())
    return torch.nn.functional.mse_loss(outputs.reshape(y[0].shape), y[0])


def _hessian_free(own: Data, optimiser: HessianFree) -> Arm:
    params, draws = own.start(), Draws(own)
    state = optimiser.init(params)

    def draw(n: int, purpose: str = "train") -> AutogradOracle:
        return AutogradOracle(draws(n, purpose))

    def work() -> None:
        nonlocal params, state
        step = optimiser.step(draw, params, state)
        params, state = step.params, step.state

    return Arm(work, lambda: {name: value[0].numpy() for name, value in params.items()})


class AutogradOracle:
    """The oracle of `HessianFree`, by automatic differentiation of an nn.RNN over the whole batch."""

    def __init__(self, batch: Objective | Tensors, like: Objective | None = None) -> None:
        self.like = batch if isinstance(batch, Objective) else like
        self.batch: Any = batch.batch if isinstance(batch, Objective) else batch
        assert self.like is not None
        self.model, self.loss = self.like.model, self.like.loss

    def head(self, n: int) -> AutogradOracle:
        return AutogradOracle(self.batch.rows(0, n), self.like)

    def value(self, params: Params) -> Tensor:
        with torch.no_grad():
            return loss_of(self._net(params)(self._x()), self.batch.y).reshape(1)

    def value_and_grad(self, params: Params) -> tuple[Tensor, dict[str, Tensor]]:
        with torch.enable_grad():
            net = self._net(params)
            loss = loss_of(net(self._x()), self.batch.y)
            pieces = torch.autograd.grad(loss, tuple(net.parameters()))
        return loss.detach().reshape(1), self._ours(net, pieces)

    def gauss_newton(self, params: Params, structural: float = 0.0) -> Callable[[Params], dict[str, Tensor]]:
        """(J'HJ + structural S) v; in terms of the states, the curvature of S is 1 / (1 - h^2)."""
        with torch.enable_grad():
            net = self._net(params)
            h, _ = net.recurrent(self._x())
            z = net.readout(h[-net.scored :])
            w = torch.zeros_like(z, requires_grad=True), torch.zeros_like(h, requires_grad=True)
            pulled = torch.autograd.grad((z, h), tuple(net.parameters()), w, create_graph=True)
        weight = structural / len(self.batch) / (1 - h.detach().square()).clamp(min=1e-6)

        def product(v: Params) -> dict[str, Tensor]:
            along = tuple(named(net, v).values())
            jv, r_states = torch.autograd.grad(pulled, w, along, retain_graph=True)
            hjv = self.loss.hessian_product(z.detach()[None], jv[None])[0]
            parts = torch.autograd.grad((z, h), tuple(net.parameters()), (hjv, weight * r_states), retain_graph=True)
            return self._ours(net, parts)

        return product

    def _net(self, params: Params) -> Net:
        return Net("tanh", params, scored=self.model.scored)

    def _x(self) -> Tensor:
        return self.model.centred(self.batch.x)[0]

    def _ours(self, net: Net, parts: tuple[Tensor, ...]) -> dict[str, Tensor]:
        by_name = dict(zip(dict(net.named_parameters()), parts, strict=True))
        return {name: torch.from_numpy(np.ascontiguousarray(v))[None] for name, v in from_torch(by_name).items()}


def _reservoir(own: Data, sequences: int) -> Arm:
    """States of `sequences` sequences, one after the other: the cost per sequence is always the same."""
    model, params = own.setup.model, {name: value[0].numpy() for name, value in own.start().items()}
    cell: Any = own.setup.parts.cell
    leak, draws, states = float(cell.leak), Draws(own), np.empty(0)

    def work() -> None:
        nonlocal states
        x = model.centred(draws(sequences, "reservoir").batch.x)[0].numpy()  # [T, n, X]
        states = np.stack([_last_states(params, x[:, n], leak, model.scored) for n in range(x.shape[1])], 1)

    return Arm(work, lambda: {"states": states})


def _last_states(params: dict[str, np.ndarray], x: np.ndarray, leak: float, scored: int) -> np.ndarray:
    """[T, X] -> the last states [K, H] of one sequence."""
    w_in, w, bias = np.ascontiguousarray(params["W_xh"].T), np.ascontiguousarray(params["W_hh"].T), params["b_h"]
    h, kept = np.zeros_like(bias), []
    for x_t in x:
        h = (1 - leak) * h + leak * np.tanh(w @ h + w_in @ x_t + bias)
        kept.append(h)
    return np.stack(kept[-scored:])
