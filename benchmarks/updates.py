"""P1, P2, P4: one gradient update, against nn.RNN, nn.GRU or nn.LSTM with autograd and torch.optim.SGD.

An update is everything between a batch in memory and new parameters: forward, loss, backward through time, readout
and SGD. Both sides exclude drawing the batch (P3 and P8 include it).
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch.nn.functional import mse_loss

from benchmarks.arm import Arm
from benchmarks.problem import Net, Problem, first, from_torch, objective, problem
from longlag.engine.gradients import CapturedGradient
from longlag.objective import Objective
from longlag.optimisers.sgd import SGD

RATE = 0.01


def ours(
    cell: str, steps: int, batch: int, hidden: int, replicas: int = 1, device: str = "cpu", recorded: bool = False
) -> Arm:
    """The library: `SGD.step` asks an `Objective`; all replicas in one update. recorded: the gradient is a recorded
    program, as where a run trains on a GPU."""
    return _updates(problem(cell, steps, batch, hidden, replicas).to(device), recorded)


def ours_in_turn(cell: str, steps: int, batch: int, hidden: int, replicas: int) -> Arm:
    """The library's default on a CPU: one update per replica, one after the other."""
    p = problem(cell, steps, batch, hidden, replicas)
    arms = [_updates(p.replica(r)) for r in range(replicas)]

    def work() -> None:
        for arm in arms:
            arm.work()

    return Arm(work, arms[0].answer)


def _updates(p: Problem, recorded: bool = False) -> Arm:
    oracle, optimiser, params = objective(p), SGD(RATE), p.params
    if recorded:
        oracle = replace(oracle, gradient=CapturedGradient(oracle.model, oracle.loss))

    def draw(n: int, purpose: str = "train") -> Objective:
        return oracle

    def work() -> None:
        nonlocal params
        with torch.no_grad():
            params = optimiser.step(draw, params, None).params

    return Arm(work, lambda: first(params))


def torch_module(cell: str, steps: int, batch: int, hidden: int, replicas: int = 1, device: str = "cpu") -> Arm:
    """nn.RNN, nn.GRU or nn.LSTM, `loss.backward()`, torch.optim.SGD; replicas one after the other."""
    p = problem(cell, steps, batch, hidden, replicas).to(device)
    nets = [Net(cell, p.params, r) for r in range(replicas)]
    optimisers = [torch.optim.SGD(net.parameters(), lr=RATE) for net in nets]

    def work() -> None:
        for r, (net, optimiser) in enumerate(zip(nets, optimisers, strict=True)):
            optimiser.zero_grad()
            mse_loss(net(p.x[r]), p.y[r, 0]).backward()
            optimiser.step()

    return Arm(work, lambda: from_torch(dict(nets[0].named_parameters())))
