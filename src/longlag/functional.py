"""The oracle of somebody's own model: any function of a dict of tensors, differentiated automatically.

`fit(HessianFree(), module, loss, batches)` trains a torch module with any optimiser of longlag. For structural
damping the module returns (outputs, hidden states): the damping keeps the latter, in squared distance, near where
they are while a step is chosen (Martens & Sutskever 2011, section 3).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NoReturn

import torch
from torch import Tensor

from longlag.algebra.jacobian import linearise
from longlag.algebra.modes import refuse
from longlag.algebra.stateless import Stateless, threads, twice_differentiable
from longlag.algebra.trainable import check
from longlag.algebra.tree import Params
from longlag.errors import LonglagError, shown
from longlag.losses import Loss, check_range
from longlag.objective import Operator, Regulariser
from longlag.optimisers.base import Optimiser, Step
from longlag.ranges import is_whole

Forward = Callable[[Params, Tensor], Any]  # -> outputs, or (outputs, hidden states)


@dataclass(frozen=True)
class FunctionObjective:
    """The loss of `forward(params, x)` on one batch, as one replica: parameters carry a leading axis of 1.

    forward returns outputs [B, O], or (outputs [B, O], hidden states) with the batch in any axis of the latter.
    y is [B, O] for real targets and [B] for classes. training_forward is the forward pass of the gradient, if what it
    leaves behind (running statistics) is to count, and what other evaluations leave is not; None is `forward`.

    Raises:
        LonglagError: x, y and what forward returns do not fit each other or the loss.
    """

    forward: Forward
    loss: Loss
    x: Tensor
    y: Tensor
    batch_axis: int = 0  # of x
    training_forward: Forward | None = None

    def __post_init__(self) -> None:
        x, y = self.x, self.y
        if not (isinstance(x, Tensor) and isinstance(y, Tensor)):
            raise LonglagError(f"a batch is two tensors (x, y), not ({type(x).__name__}, {type(y).__name__})")
        if not -x.dim() <= self.batch_axis < x.dim():
            raise LonglagError(f"x of shape {list(x.shape)} has no axis {self.batch_axis}; set batch_axis")
        if y.dim() and len(y) == x.shape[self.batch_axis] == 0:
            raise LonglagError(f"x of shape {list(x.shape)} holds no sequence; a batch has at least one")
        if not y.dim() or len(y) != x.shape[self.batch_axis]:
            raise LonglagError(
                f"x of shape {list(x.shape)} and y of shape {list(y.shape)} are not of one number of sequences: axis "
                f"{self.batch_axis} of x and axis 0 of y count them; set batch_axis if x has them in another axis"
            )

    def value(self, params: Params) -> Tensor:
        """Loss, [1]."""
        with torch.no_grad():
            return self._loss(self._outputs(params, self.forward)[0])

    def value_and_grad(self, params: Params) -> tuple[Tensor, dict[str, Tensor]]:
        """Loss, [1], and its gradient.

        Raises:
            LonglagError: the outputs depend on no parameter.
        """
        leaves = {name: value.detach().requires_grad_() for name, value in params.items()}
        with torch.enable_grad():
            loss = self._loss(self._outputs(leaves, self.training_forward or self.forward)[0])
        if not loss.requires_grad:
            raise LonglagError("the outputs do not depend on any trained parameter; is one detached, or under no_grad?")
        parts = torch.autograd.grad(loss, tuple(leaves.values()), torch.ones_like(loss), materialize_grads=True)
        return loss.detach(), dict(zip(leaves, parts, strict=True))

    def gauss_newton(self, params: Params, structural: float = 0.0) -> Operator:
        """v -> (J' H J + structural J_h' J_h / B) v, J_h the Jacobian of the hidden states.

        Raises:
            LonglagError: an operation of the model has no second derivative.
        """
        line = linearise(lambda p: self._outputs(p, self.forward), params)
        line.check_agreement()
        outputs = line.values[0].detach()

        def product(v: Params) -> dict[str, Tensor]:
            r_outputs, *r_hidden = line.pushforward(v)
            curved = self.loss.hessian_product(_lifted(outputs), _lifted(r_outputs))[0, 0]
            return line.pullback((curved, *(r * (structural / len(self)) for r in r_hidden)))

        return product

    def regularised(self, params: Params, term: Regulariser) -> NoReturn:
        """The question of `optimisers.omega.Regularised`, which no function of outputs can answer.

        Raises:
            LonglagError: always.
        """
        raise LonglagError(
            f"the term {type(term).__name__} needs the errors at the pre-activations of longlag's own tanh RNN; give "
            "its base optimiser alone"
        )

    def head(self, n: int) -> FunctionObjective:
        """The same question of the first n sequences only."""
        return replace(self, x=self.x.narrow(self.batch_axis, 0, min(n, len(self))), y=self.y[:n])

    def __len__(self) -> int:
        """Number of sequences."""
        return len(self.y)

    def _outputs(self, params: Params, forward: Forward) -> tuple[Tensor, ...]:
        found = forward({name: value[0] for name, value in params.items()}, self.x)
        parts = tuple(found) if isinstance(found, tuple | list) else (found,)
        if len(parts) not in (1, 2) or not all(isinstance(part, Tensor) for part in parts):
            kinds = ", ".join(type(part).__name__ for part in parts)
            raise LonglagError(f"a model returns outputs, or (outputs, hidden states), as tensors; not ({kinds})")
        if parts[0].dim() < 2 or len(parts[0]) != len(self):
            raise LonglagError(
                f"outputs of shape {list(parts[0].shape)} are not [B, O] with B = {len(self)} sequences; return those "
                "of the last step alone, and keep the axis O where there is one output"
            )
        return parts

    def _loss(self, outputs: Tensor) -> Tensor:
        classes = self.y.dim() < outputs.dim() and not self.y.is_floating_point()
        if classes and self.y.device.type != "cpu":  # where the loss does not look
            check_range(self.y, outputs.shape[-1])
        return self.loss.value(_lifted(outputs), _lifted(self.y))


def fit(
    optimiser: Optimiser,
    module: torch.nn.Module,
    loss: Loss,
    batches: Callable[[int], tuple[Tensor, Tensor]],
    batch_axis: int = 0,
) -> Iterator[Step]:
    """Trains a module in place for as long as the caller asks for steps and `batches` gives batches.

    Yields each `Step`, whose loss is [1] and whose parameters are [1, ...].

    Each step starts from the weights that the module has then. Buffers such as running statistics are updated by the
    forward passes of gradients alone: steps that are only tried leave no buffer changed. (Python attributes that a
    module writes in `forward` are not restored.) Small problems run on one thread.

    An optimiser that makes trial steps, such as HessianFree, compares losses of several forward passes. It refuses a
    module that is random: active dropout, noise, a state carried to the next pass. Gradients alone may be random.

    Args:
        optimiser: any of `longlag.optimisers` but Ridge, and Regularised of the module `omega`.
        module: module(x) -> outputs [B, O], or (outputs, hidden states). What requires gradients is trained.
        loss: `longlag.losses.CrossEntropy(classes)` or `SquaredError(tolerance)`.
        batches: batches(n) -> (x, y), n fresh sequences; StopIteration ends the training before the step that needed
            them.
        batch_axis: axis of x that counts sequences.

    Raises:
        LonglagError: something handed over does not fit, or a parameter is neither float32 nor float64; on a step, if
            it is a batch, what the module returns, a random module, or `torch.autocast` or `torch.inference_mode`
            around the step.
    """
    _check(optimiser, module, loss, batches, batch_axis)
    trained = {name: value for name, value in module.named_parameters() if value.requires_grad}
    if not trained:
        raise LonglagError(
            f"no parameter of {type(module).__name__} requires gradients: there is nothing to train; "
            "call requires_grad_() on what is to be trained"
        )
    if not set(optimiser.trained or ()) <= set(trained):
        raise LonglagError(
            f"{type(optimiser).__name__} trains {list(optimiser.trained or ())} but the module has no such parameters; "
            "take an optimiser of all parameters, such as HessianFree()"
        )
    _check_parameters(trained)
    return _steps(optimiser, trained, Stateless(module), loss, batches, batch_axis)


def _check(optimiser: Any, module: Any, loss: Any, batches: Any, batch_axis: Any) -> None:
    """Raises LonglagError for an argument of `fit` that is of another kind."""
    if not isinstance(module, torch.nn.Module):
        raise LonglagError(f"fit trains a torch.nn.Module, not a {type(module).__name__}")
    if not isinstance(loss, Loss):
        raise LonglagError(f"loss {loss!r} is none of longlag.losses, such as CrossEntropy(classes)")
    if not (callable(getattr(optimiser, "init", None)) and callable(getattr(optimiser, "step", None))):
        kind = optimiser if isinstance(optimiser, type) else type(optimiser)
        raise LonglagError(
            f"optimiser {kind.__module__}.{kind.__name__} is none of longlag.optimisers, such as HessianFree()"
        )
    for what, part in (("optimiser", optimiser), ("loss", loss)):
        if isinstance(part, type):
            raise LonglagError(f"{what} is the class {part.__name__}; write {part.__name__}(...)")
    if not is_whole(batch_axis):
        raise LonglagError(f"batch_axis cannot be {shown(batch_axis)}; it must be a whole number, an axis of x")
    if not callable(batches):
        raise LonglagError(
            f"batches is a function of the number of sequences, n -> (x, y), not a {type(batches).__name__}"
        )


def _check_parameters(trained: Params) -> None:
    for p in trained.values():
        check(p, "fit")


def _steps(
    optimiser: Optimiser,
    trained: dict[str, torch.nn.Parameter],
    net: Stateless,
    loss: Loss,
    batches: Callable[[int], tuple[Tensor, Tensor]],
    batch_axis: int,
) -> Iterator[Step]:
    def draw(n: int, purpose: str = "train") -> FunctionObjective:
        try:
            batch = batches(n)
        except StopIteration as end:
            raise _NoMore from end
        if not isinstance(batch, tuple | list) or len(batch) != 2:
            raise LonglagError(f"batches({n}) must return (x, y), two tensors; it returned a {type(batch).__name__}")
        return FunctionObjective(net.tried, loss, *batch, batch_axis, net.trained)

    def present() -> dict[str, Tensor]:
        return {name: value.detach().clone().unsqueeze(0) for name, value in trained.items()}

    state = optimiser.init(present())
    while True:
        _check_parameters(trained)
        refuse(trained.values(), "fit", "Open it inside the module, around its forward pass alone")
        try:
            with twice_differentiable(), threads(trained):
                step = optimiser.step(draw, present(), state)
        except _NoMore:
            return
        state = step.state
        with torch.no_grad():
            for name, value in trained.items():
                value.copy_(step.params[name][0])
        net.keep()
        yield step


class _NoMore(Exception):
    """The batches have ended."""


def _lifted(values: Tensor) -> Tensor:
    """[B, ...] -> [R, K, B, ...] with one replica and one scored step."""
    return values.unsqueeze(0).unsqueeze(0)
