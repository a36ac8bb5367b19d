"""The oracle of somebody's own model: any function of a dict of tensors, differentiated automatically.

`fit(HessianFree(), module, loss, batches)` trains a torch module with any optimiser of longlag. For structural
damping the module returns (outputs, hidden states): the damping keeps the latter, in squared distance, near where
they are while a step is chosen (Martens & Sutskever 2011, section 3).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from longlag.algebra.jacobian import linearise
from longlag.algebra.tree import Params
from longlag.losses import Loss
from longlag.objective import Operator
from longlag.optimisers.base import Optimiser, Step

Forward = Callable[[Params, Tensor], Tensor | tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class FunctionObjective:
    """The loss of `forward(params, x)` on one batch, as one replica: parameters carry a leading axis of 1.

    forward returns outputs [B, O], or (outputs [B, O], hidden states) with the batch in any axis of the latter.
    y is [B, O] for real targets and [B] for classes.
    """

    forward: Forward
    loss: Loss
    x: Tensor
    y: Tensor
    batch_axis: int = 0  # of x

    def value(self, params: Params) -> Tensor:
        """Loss, [1]."""
        with torch.no_grad():
            return self._loss(self._outputs(params)[0])

    def value_and_grad(self, params: Params) -> tuple[Tensor, dict[str, Tensor]]:
        """Loss, [1], and its gradient."""
        leaves = {name: value.detach().requires_grad_() for name, value in params.items()}
        with torch.enable_grad():
            loss = self._loss(self._outputs(leaves)[0])
        parts = torch.autograd.grad(loss, tuple(leaves.values()), torch.ones_like(loss), materialize_grads=True)
        return loss.detach(), dict(zip(leaves, parts, strict=True))

    def gauss_newton(self, params: Params, structural: float = 0.0) -> Operator:
        """v -> (J' H J + structural J_h' J_h / B) v, J_h the Jacobian of the hidden states."""
        line = linearise(self._outputs, params)
        outputs = line.values[0].detach()

        def product(v: Params) -> dict[str, Tensor]:
            r_outputs, *r_hidden = line.pushforward(v)
            curved = self.loss.hessian_product(_lifted(outputs), _lifted(r_outputs))[0, 0]
            return line.pullback((curved, *(r * (structural / len(self)) for r in r_hidden)))

        return product

    def head(self, n: int) -> FunctionObjective:
        """The same question of the first n sequences only."""
        return replace(self, x=self.x.narrow(self.batch_axis, 0, min(n, len(self))), y=self.y[:n])

    def __len__(self) -> int:
        """Number of sequences."""
        return len(self.y)

    def _outputs(self, params: Params) -> tuple[Tensor, ...]:
        found = self.forward({name: value[0] for name, value in params.items()}, self.x)
        return found if isinstance(found, tuple) else (found,)

    def _loss(self, outputs: Tensor) -> Tensor:
        return self.loss.value(_lifted(outputs), _lifted(self.y))


def fit(
    optimiser: Optimiser,
    module: torch.nn.Module,
    loss: Loss,
    batches: Callable[[int], tuple[Tensor, Tensor]],
    batch_axis: int = 0,
) -> Iterator[Step]:
    """Trains a module in place for as long as the caller asks for steps.

    Args:
        optimiser: any of `longlag.optimisers` but Ridge.
        module: module(x) -> outputs [B, O], or (outputs, hidden states).
        loss: `longlag.losses.CrossEntropy(classes)` or `SquaredError(tolerance)`.
        batches: batches(n) -> (x, y), n fresh sequences.
        batch_axis: axis of x that counts sequences.
    """
    trained = {name: value for name, value in module.named_parameters() if value.requires_grad}
    params = {name: value.detach().clone().unsqueeze(0) for name, value in trained.items()}

    def forward(p: Params, x: Tensor) -> Any:
        return torch.func.functional_call(module, dict(p), (x,))

    def draw(n: int, purpose: str = "train") -> FunctionObjective:
        x, y = batches(n)
        return FunctionObjective(forward, loss, x, y, batch_axis)

    state = optimiser.init(params)
    while True:
        with _without_fused_cells():
            step = optimiser.step(draw, params, state)
        params, state = step.params, step.state
        with torch.no_grad():
            for name, value in trained.items():
                value.copy_(params[name][0])
        yield step


@contextmanager
def _without_fused_cells() -> Iterator[None]:
    """The recurrent cells of oneDNN and cuDNN cannot be differentiated twice."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "TF32 acceleration on top of oneDNN")
        with torch.backends.mkldnn.flags(enabled=False), torch.backends.cudnn.flags(enabled=False):
            yield


def _lifted(values: Tensor) -> Tensor:
    """[B, ...] -> [R, K, B, ...] with one replica and one scored step."""
    return values.unsqueeze(0).unsqueeze(0)
