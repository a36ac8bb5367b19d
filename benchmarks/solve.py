"""P13: CPU seconds until a task is solved, of longlag and of what a user would run instead.

Both sides have the same sequences, start, settings and criterion, on the engine's grid of evaluations: the monitor set,
then 10,000 sequences that confirm, then 10,000 that test. Seeds are pairs. A peer is stopped at a multiple of our time;
the ratio of that pair is then a lower bound. Peers are scripts of nn.RNN and nn.LSTM with torch's optimisers,
PyTorchHessianFree, and reservoirpy with a ridge of scikit-learn.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks import twin
from benchmarks.arm import Missing
from benchmarks.loop import data
from benchmarks.pairs import STOPPED
from benchmarks.worker import PEERS
from longlag import protocol
from longlag.cells.reservoir import Reservoir
from longlag.engine.data import MONITOR, TEST, Data, Draws, confirmation
from longlag.engine.spec import RunSpec
from longlag.engine.train import run
from longlag.objective import Tensors
from longlag.optimisers.ridge import Ridge as Readout
from longlag.store.records import Row

BUDGET = 3e6  # sequence passes: enough for every pair that is timed
Found = dict[str, Any]  # solved, and CPU seconds; of a peer why it ended, in words that follow "the peer"
Answer = Callable[[Tensors], Tensor]  # a batch -> outputs [1, K, B, O]


class _TooLong(Exception):
    """The peer's time is up."""


@dataclass
class Clock:
    """CPU seconds since the start, of at most `limit`."""

    limit: float
    begun: float

    @classmethod
    def of(cls, limit: float) -> Clock:
        return cls(limit, time.process_time())

    @property
    def seconds(self) -> float:
        return time.process_time() - self.begun

    def check(self) -> None:
        if self.seconds > self.limit:
            raise _TooLong


def ours(method: str, task: str, lag: int, seed: int, budget: float = BUDGET) -> Found:
    """A run of the library, as `longlag train` makes it."""
    clock = Clock.of(np.inf)
    (row,) = (event for event in run(RunSpec(task, lag, method, (seed,), budget)) if isinstance(event, Row))
    return {"solved": row.solved, "seconds": clock.seconds}


def gradient_script(method: str, task: str, lag: int, seed: int, limit: float) -> Found:
    """The loop of a user: nn.RNN or nn.LSTM, backward, torch.optim."""
    clock, own = Clock.of(limit), data(method, task, lag, seed)
    net, settings = twin.net_of(own), own.setup.parts.optimiser
    step = twin.gradient(own, settings, net).work
    batch = int(getattr(settings, "batch", 100))
    return _until_solved(own, _answers(own, net), step, 3 * batch, clock)


def pytorch_hessian_free(method: str, task: str, lag: int, seed: int, limit: float) -> Found:
    """PyTorchHessianFree with our damping, iterations and batches; it has no structural damping."""
    optimiser_of = _pytorch_hessian_free()
    clock, own = Clock.of(limit), data(method, task, lag, seed)
    net, settings, draws = twin.net_of(own), own.setup.parts.optimiser, Draws(own)
    assert isinstance(settings, twin.HessianFree)
    params = list(net.parameters())
    optimiser = optimiser_of(params, damping=settings.damping.start, cg_max_iter=settings.cg.most_iterations)

    def loss(batch: Tensors) -> tuple[Tensor, Tensor]:
        clock.check()
        outputs = net(own.setup.model.centred(batch.x)[0])
        return twin.loss_of(outputs, batch.y), outputs

    def step() -> None:
        batch = draws(settings.gradient_batch, "gradient").batch
        gradient = torch.autograd.grad(loss(batch)[0], params)
        flat = torch.nn.utils.parameters_to_vector([g.contiguous() for g in gradient])
        head = batch.rows(0, settings.curvature_batch)
        optimiser.step(lambda: loss(head), grad=flat)

    return _until_solved(own, _answers(own, net), step, 30_000, clock)  # an evaluation after every step


def _pytorch_hessian_free() -> Any:
    """Its package has the name of another peer, so that it stands in a folder of its own."""
    sys.path.insert(0, str(PEERS / "PyTorchHessianFree"))
    try:
        return import_module("hessianfree.optimizer").HessianFree
    except ImportError as error:
        raise Missing(f"PyTorchHessianFree cannot be imported ({error}); `make bench-peers` clones it") from error
    finally:
        sys.path.remove(str(PEERS / "PyTorchHessianFree"))


def reservoir_script(method: str, task: str, lag: int, seed: int, limit: float) -> Found:
    """reservoirpy's states, sequence by sequence, and the ridge that answers held-out sequences best."""
    try:
        nodes, csr_array = import_module("reservoirpy.nodes"), import_module("scipy.sparse").csr_array
        Ridge = import_module("sklearn.linear_model").Ridge
    except ImportError as error:
        raise Missing(f"reservoirpy or scikit-learn cannot be imported ({error})") from error
    clock, own = Clock.of(limit), data(method, task, lag, seed)
    model, settings = own.setup.model, own.setup.parts.optimiser
    w = {name: value[0].double().numpy().T for name, value in own.start().items()}
    cell = own.setup.parts.cell
    assert isinstance(cell, Reservoir)
    assert isinstance(settings, Readout)
    leak = cell.leak
    node = nodes.Reservoir(Win=w["W_xh"], W=csr_array(w["W_hh"]), bias=w["b_h"], lr=leak)

    def features(batch: Tensors) -> np.ndarray:
        x, rows = model.centred(batch.x)[0].double().numpy(), []
        for n, first in enumerate(batch.start[0].tolist()):
            clock.check()
            if node.initialized:
                node.reset()
            rows.append(node.run(x[first:, n])[-1])
        return model.readout.features(torch.from_numpy(np.stack(rows))).numpy()

    def targets(batch: Tensors) -> np.ndarray:
        return own.setup.loss.encode(batch.y)[0, 0].double().numpy()

    fitted: list[Any] = []

    def step() -> None:
        train, held_out = own.batch("train", 1, settings.sequences), own.batch("penalty", 2, settings.validation)
        phi, y, phi_2, y_2 = features(train), targets(train), features(held_out), targets(held_out)
        mean, deviation = phi.mean(0), phi.std(0)
        found = [Ridge(alpha=p * len(phi)).fit((phi - mean) / deviation, y) for p in settings.penalties]
        errors = [np.square(r.predict((phi_2 - mean) / deviation).reshape(y_2.shape) - y_2).mean() for r in found]
        fitted[:] = [found[int(np.argmin(errors))], mean, deviation]

    def answer(batch: Tensors) -> Tensor:
        ridge, mean, deviation = fitted
        outputs = ridge.predict((features(batch) - mean) / deviation).reshape(len(batch), -1)
        return torch.from_numpy(outputs).float()[None, None]

    return _until_solved(own, answer, step, settings.sequences + settings.validation, clock)


def _answers(own: Data, net: torch.nn.Module) -> Answer:
    model = own.setup.model

    def answer(batch: Tensors) -> Tensor:
        with torch.no_grad():
            return net(model.centred(batch.x)[0]).reshape(1, model.scored, len(batch), model.n_outputs)

    return answer


def _until_solved(own: Data, answer: Answer, step: Callable[[], object], passes: float, clock: Clock) -> Found:
    """Steps of that many passes, with the engine's evaluations, until one is confirmed or the time is up."""
    spent, confirmations = 0.0, 0
    try:
        while True:
            due = protocol.next_evaluation(spent)
            while spent < due:
                clock.check()
                step()
                spent += passes
            if _wrong(own, answer, MONITOR, protocol.MONITOR, clock) > protocol.CRITERION:
                continue
            confirmations += 1
            purpose = confirmation(confirmations)
            if _wrong(own, answer, purpose, protocol.CONFIRM, clock) <= protocol.CONFIRMATION:
                solved = _wrong(own, answer, TEST, protocol.TEST, clock) <= protocol.CRITERION
                ended = "solved it" if solved else "was confirmed on validation and failed on the test set"
                return {"solved": solved, "seconds": clock.seconds, "ended": ended}
    except _TooLong:
        return {"solved": False, "seconds": clock.seconds, "ended": STOPPED}


def _wrong(own: Data, answer: Answer, purpose: str, n: int, clock: Clock) -> float:
    """Share of sequences with a wrong answer."""
    wrong = seen = 0
    for batch in own.evaluation(purpose, n):
        clock.check()
        wrong += int(own.setup.task.loss.wrong(answer(batch), batch.y).any(1).sum())
        seen += len(batch)
    return wrong / seen
