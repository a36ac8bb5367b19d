"""What a task declares of its inputs and of its answers, beside what its sequences say: a part of `longlag check`.

The expected inputs and targets, and the constant answer, are estimated from sequences. The half-solved answer is known
to the author alone, so its two numbers are compared with each other. An answer that is wrong on a share e of the
sequences, and whose probabilities are right, has an entropy H, in nats a sequence, between these bounds (the upper one:
Fano 1961), where M is the number of possible answers:

    -ln(1 - e)  <=  H  <=  h(e) + e ln(M - 1),      h(e) = -e ln e - (1 - e) ln(1 - e)

A squared error l with tolerance d and targets in a range of width w: (l - d^2) / (w^2 - d^2) <= e <= l / d^2.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from longlag.losses import CrossEntropy, LogisticError, SquaredError
from longlag.rng import stream
from longlag.tasks.base import EVERY_STEP, Batch, Task

SEQUENCES = 10_000  # for the answers
LAG, LAG_OF_INPUTS = 200, 1000  # baselines and expected inputs are those of long sequences
_OF_INPUTS = 200  # sequences for the inputs
_BATCH = 500  # sequences drawn at once
_SLACK = 0.03  # of an error, a mean or, relatively, of a loss: beyond it, declared and found differ
_CANDIDATES = 200  # constant real answers that are tried
_DEVIATIONS = 4.0  # standard errors of an estimated mean that are allowed


def check_inputs(task: Task) -> None:
    """Raises AssertionError unless the declared expected inputs are those of the sequences."""
    lag = max(LAG_OF_INPUTS, task.shortest)
    batch = task.sample(stream(0, "check", lag, "inputs"), lag, task.population or _OF_INPUTS)
    started = (np.arange(len(batch.x))[:, None] >= batch.start)[..., None]
    means = (batch.x * started).sum(0) / np.maximum(started.sum(0), 1)  # [n, X]
    _compare("input_mean", task.traits.input_mean, means, lag)


def check_targets(task: Task) -> None:
    """Raises AssertionError unless the declared expected targets are those of the sequences; zeros for classes."""
    y = _targets(task)[0]
    outputs = task.traits.classes or y.shape[-1]
    declared = np.asarray(task.traits.target_mean, float)
    assert len(declared) == outputs, f"target_mean has {len(declared)} numbers for {outputs} outputs"
    if task.traits.classes:
        assert not declared.any(), "target_mean is not zero for each of the classes"
        return
    if isinstance(task.loss, LogisticError):
        declared = 1 / (1 + np.exp(-declared))
    _compare("target_mean", declared, y.mean(0).numpy(), max(LAG, task.shortest))


def _compare(what: str, declared: object, means: np.ndarray, lag: int) -> None:
    """means: of each sequence [n, channels]."""
    declared, found = np.asarray(declared, float), means.mean(0)
    error = _DEVIATIONS * means.std(0) / math.sqrt(len(means))
    off = np.abs(declared - found) - error - _SLACK * np.maximum(1, np.abs(found))
    if off.max() > 0:
        i = int(off.argmax())
        raise AssertionError(
            f"{what}[{i}] is declared as {declared[i]:.3g}, and is {found[i]:.3g} in {len(means):,} sequences at lag "
            f"{lag}; methods centre with it"
        )


def check_constant(task: Task) -> None:
    """Raises AssertionError unless the constant answer has the smallest loss of all constants, and is wrong as often as
    that one or as the one that is right most often. A task that is scored at every step is not looked at."""
    if task.traits.scored == EVERY_STEP:
        return
    y, declared = _targets(task), task.baselines["constant"]
    fewest, (loss, wrong) = _fewest_wrong(task, y), _smallest_loss(task, y)
    said = f"in {y.shape[2]:,} sequences, the best constant answer"
    assert min(abs(declared.error - fewest), abs(declared.error - wrong)) <= _SLACK, (
        f"its constant answer is declared as wrong on {declared.error:.1%} of the sequences; {said} is wrong on "
        f"{fewest:.1%}"
    )
    assert abs(declared.loss - loss) <= 2 * _SLACK * loss, (
        f"its constant answer is declared with a loss of {declared.loss:.4g}; {said} has {loss:.4g}"
    )


def check_half_solved(task: Task) -> None:
    """Raises AssertionError unless the half-solved answer is no worse than the constant one, and its share wrong and
    its loss can be those of one answer. A task that is scored at every step is not looked at."""
    constant, half = task.baselines["constant"], task.baselines["half_solved"]
    assert half.error <= constant.error + _SLACK, (
        f"its half-solved answer is wrong on {half.error:.1%} of the sequences, more than the constant one: "
        f"{constant.error:.1%}"
    )
    if task.traits.scored == EVERY_STEP:
        return
    low, high = _share_wrong(task, _targets(task), half.loss)
    assert low - _SLACK <= half.error <= high + _SLACK, (
        f"its half-solved answer is declared as wrong on {half.error:.1%} of the sequences, with a loss of "
        f"{half.loss:.4g}; with that loss, it is wrong on {low:.1%} to {high:.1%}"
    )


def _share_wrong(task: Task, y: Tensor, loss: float) -> tuple[float, float]:
    """The smallest and the largest share of sequences that an answer with that loss can have wrong."""
    if isinstance(task.loss, CrossEntropy):
        nats = task.traits.scored * loss
        answers = math.fsum(math.log(max(2, len(classes.unique()))) for classes in y[0])
        return _fano(nats, answers), 1 - math.exp(-nats)
    if isinstance(task.loss, SquaredError) and y[0, :, 0].numel() == 1:
        tolerated, width = task.loss.tolerance**2, float(y.max() - y.min()) ** 2
        low = (loss - tolerated) / (width - tolerated) if width > tolerated else 0.0
        return max(0.0, low), min(1.0, loss / tolerated) if tolerated else 1.0
    return 0.0, 1.0


def _fano(nats: float, answers: float) -> float:
    """The smallest share wrong with this entropy. answers: ln M."""

    def most(share: float) -> float:
        other = answers + math.log1p(-math.exp(-answers))  # ln(M - 1)
        return share * (other - math.log(share)) - (1 - share) * math.log1p(-share)

    low, high = 1e-12, 1 - math.exp(-answers)  # the bound rises up to ln M, that of a guess
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if most(middle) < nats else (low, middle)
    return low


def _targets(task: Task) -> Tensor:
    """[1, K, n, ...]; drawn in batches, whose inputs may be large."""
    lag = max(LAG, task.shortest)
    rng = stream(0, "check", lag, "targets")

    def batches() -> Iterator[Batch]:
        if task.population:
            yield task.sample(rng, lag, task.population)
            return
        for _ in range(SEQUENCES // _BATCH):
            yield task.sample(rng, lag, _BATCH)

    return torch.from_numpy(np.concatenate([batch.y for batch in batches()], axis=1)).unsqueeze(0)


def _fewest_wrong(task: Task, y: Tensor) -> float:
    """The share of sequences that the best constant answer has wrong; one constant for each scored step."""
    wrong = torch.stack([task.loss.wrong(outputs, y)[0] for outputs in _constants(task, y)])  # [constants, K, n]
    best = wrong.float().mean(-1).argmin(0)  # [K]
    chosen = torch.stack([wrong[number, k] for k, number in enumerate(best)])
    return float(chosen.any(0).float().mean())


def _constants(task: Task, y: Tensor) -> Iterator[Tensor]:
    """Outputs for targets [1, K, n, ...] that are the same for all sequences."""
    if task.traits.classes:
        for number in y.unique():
            yield task.loss.encode(torch.full_like(y, int(number)))
        return
    tried = [*y[0, :, :: max(1, y.shape[2] // _CANDIDATES)].unbind(1), y[0].mean(1)]  # [K, O] each
    for answer in tried:
        yield task.loss.encode(answer[None, :, None].expand(y.shape))


def _smallest_loss(task: Task, y: Tensor) -> tuple[float, float]:
    """The loss of the constant answer that minimises it, and the share of sequences that this answer has wrong."""
    if task.traits.classes:
        start = one_hot(y, task.traits.classes).double().mean(2)[0].clamp(min=1e-6).log()  # [K, O]
    else:
        start = task.loss.encode(y).double().mean(2)[0]
    constant = start.requires_grad_()
    y = y if task.traits.classes else y.double()

    def outputs() -> Tensor:
        return constant[None, :, None].expand(-1, -1, y.shape[2], -1)

    def loss() -> Tensor:
        constant.grad = None
        value = task.loss.value(outputs(), y).sum()
        value.backward()
        return value

    torch.optim.LBFGS([constant], max_iter=50, line_search_fn="strong_wolfe").step(loss)
    wrong = task.loss.wrong(outputs().detach(), y)[0]  # [K, n]
    return float(loss().detach()), float(wrong.any(0).float().mean())
