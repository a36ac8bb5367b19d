"""The oracle of somebody's closures: what `longlag.optimisers.HessianFree` asks, answered by their own modules.

A trial step is put into the parameters themselves while a closure runs, and taken out again. Of several mini-batches
one is answered after the other: memory is that of the largest, and the graph of a product is built again each time.
The graph of a single mini-batch is kept for all products.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from longlag.algebra import tree
from longlag.algebra.jacobian import linearised
from longlag.algebra.tree import Params
from longlag.errors import LonglagError
from longlag.objective import FORWARD, GRADIENT, PRODUCT, Operator
from longlag.torch_optim.closure import Answer, Closure
from longlag.torch_optim.curvature import UNTRAINED, Twice
from longlag.torch_optim.whole import check_checkpoints, check_hidden, check_through_outputs


@dataclass
class Counter:
    """Passes over one mini-batch each: a forward pass counts 1, with backward 3, a Gauss-Newton product 4.

    agreed: the Jacobian and its transpose were found to agree in this step. compared: it was checked in this step
    whether the loss passes through the outputs. sway: sum of |z dL/dz| over the outputs z at the last gradient: by so
    much the loss moves, at most and to first order, per relative change of the outputs. used: the parameters that the
    loss of any mini-batch depends on.
    """

    passes: int = 0
    agreed: bool = False
    compared: bool = False
    sway: float = 0.0
    used: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Sizes:
    """The shares of the mini-batches in the loss, and the number of sequences of all of them."""

    shares: tuple[float, ...]
    sequences: float


@dataclass(frozen=True)
class ClosureOracle:
    """The loss of all mini-batches together. Parameters have a leading axis of 1 (one replica).

    mean: whether the loss is a mean over the mini-batches, else their sum. known: whether the loss is known to be
    convex in the outputs and not linear. required: whether hidden states must be seen if they are damped. first:
    whether the step is the optimiser's first, at which the checks of `whole` are done. seen: the
    sizes by number of mini-batches, of which `head` takes fewer; the first pass over as many notes them here. stands:
    for how many mini-batches each one of a sum stands, which `head` leaves out.
    """

    closures: Sequence[Closure]
    leaves: dict[str, torch.nn.Parameter]
    mean: bool
    known: bool
    required: bool
    first: bool = False
    counter: Counter = field(default_factory=Counter)
    seen: dict[int, Sizes] = field(default_factory=dict)
    stands: float = 1.0

    def value(self, params: Params) -> Tensor:
        """Loss, [1]."""
        with self._at(params), torch.no_grad():
            answers = [self._light(closure.ask(), FORWARD) for closure in self.closures]
        return self._total(answers)

    def value_and_grad(self, params: Params) -> tuple[Tensor, dict[str, Tensor]]:
        """Loss, [1], and its gradient."""
        answers, gradients, sways = [], [], []
        with self._at(params):
            for closure in self.closures:
                with torch.enable_grad():
                    answer = closure.ask()
                counts = answer.weight > 0 or not self.mean  # if not, the loss is 0/0
                gradient, sway = self._gradient(answer) if counts else (tree.zeros_like(params), 0.0)
                gradients.append(gradient)
                sways.append(sway)
                answers.append(self._light(answer, GRADIENT))
        if not self.counter.used:
            raise LonglagError(
                f"the loss depends on none of the {len(self.leaves)} parameters of the optimiser: is it of another "
                "model than the closure, or of a copy? write HessianFree(model.parameters(), ...) of the model that "
                "the closure calls"
            )
        loss, shares = self._total(answers), self._noted(answers).shares
        self.counter.sway = sum(share * sway for share, sway in zip(shares, sways, strict=True))
        total = tree.scale(shares[0], gradients[0]) if shares[0] != 1 else gradients[0]
        for share, gradient in zip(shares[1:], gradients[1:], strict=True):
            total = tree.axpy(share, gradient, total)
        return loss, total

    def gauss_newton(self, params: Params, structural: float = 0.0) -> Operator:
        """v -> (J' H J + structural J_h' J_h / B) v, J_h the Jacobian of the hidden states, B sequences."""
        sizes = self._learnt(params)
        damped = structural / max(sizes.sequences, 1.0) if self.mean else structural * self.stands
        if len(self.closures) == 1:
            with self._at(params):
                kept = self._product(self.closures[0], sizes.shares[0], damped)

        def product(v: Params) -> dict[str, Tensor]:
            with self._at(params):
                if len(self.closures) == 1:
                    return kept(v)
                total = tree.zeros_like(v)
                for share, closure in zip(sizes.shares, self.closures, strict=True):
                    if share or damped:
                        total = tree.add(total, self._product(closure, share, damped)(v))
                return total

        return product

    def check_called(self) -> None:
        """Raises LonglagError if a module whose states are to be damped was not called in any pass so far."""
        self.closures[0].watch.check_called(set().union(*(closure.called for closure in self.closures)))

    def head(self, n: int) -> ClosureOracle:
        """The same questions of the first n mini-batches; a sum of them is scaled to the size of all."""
        closures = self.closures[:n]
        return replace(self, closures=closures, stands=self.stands * len(self) / len(closures))

    def __len__(self) -> int:
        """Number of mini-batches."""
        return len(self.closures)

    def _product(self, closure: Closure, share: float, damped: float) -> Operator:
        """The product over one mini-batch, with the graph of one forward pass."""
        with torch.enable_grad():
            answer = closure.ask()
            bent = answer.second_order()
        hidden = tuple(states.values for states in answer.hidden) if damped else ()
        if damped and self.required and not hidden:
            raise LonglagError(
                "structural_damping needs hidden states: name their module, HessianFree(..., hidden=model.rnn), or "
                "return them as the third part of what the closure returns; structural_damping=0 turns it off"
            )
        line = linearised((*answer.outputs, *hidden), dict(self.leaves))
        self.counter.passes += FORWARD
        if not self.counter.agreed:
            line.check_agreement()
            self.counter.passes += PRODUCT
            if self.first and damped:
                check_hidden(answer)
            self.counter.agreed = True
        if not self.known:
            bent.check_bent()
        n = len(answer.outputs)

        def product(v: Params) -> dict[str, Tensor]:
            self.counter.passes += PRODUCT
            tangents = line.pushforward({name: value[0] for name, value in v.items()})  # v -> J v
            curved = bent.product(tangents[:n]) if share else map(torch.zeros_like, tangents[:n])  # J v -> H J v
            weighted = (*(share * part for part in curved), *(damped * part for part in tangents[n:]))
            return {name: part.unsqueeze(0) for name, part in line.pullback(weighted).items()}

        return product

    def _gradient(self, answer: Answer) -> tuple[dict[str, Tensor], float]:
        """The gradient of one mini-batch's loss, and its sway (see `Counter`)."""
        if not answer.loss.requires_grad:
            raise LonglagError(UNTRAINED)
        comparing = self.first and not self.counter.compared
        leaves = tuple(self.leaves.values())
        outputs = tuple(part for part in answer.outputs if part.requires_grad)
        every = torch.autograd.grad(answer.loss, (*leaves, *outputs), allow_unused=True, retain_graph=comparing)
        parts, slopes = every[: len(leaves)], every[len(leaves) :]
        found = dict(zip(self.leaves, parts, strict=True))
        if any(part is not None and part.layout != torch.strided for part in parts):
            raise LonglagError("a gradient is sparse; Hessian-Free needs dense ones: nn.Embedding(..., sparse=False)")
        self.counter.used |= {name for name, part in found.items() if part is not None}
        if comparing and len(self.counter.used) < len(found):
            check_checkpoints(answer.loss)
        whole = {name: torch.zeros_like(self.leaves[name]) if part is None else part for name, part in found.items()}
        if comparing and self.counter.used:
            check_through_outputs(answer, self.leaves, whole)
            self.counter.compared = True
        sway = sum(_sway(z, slope) for z, slope in zip(outputs, slopes, strict=True) if slope is not None)
        return {name: part.unsqueeze(0) for name, part in whole.items()}, sway

    def _light(self, answer: Answer, passes: int) -> Answer:
        """An answer without its graph, counted."""
        self.counter.passes += passes
        return replace(answer, loss=answer.loss.detach(), outputs=(), second_order=_gone)

    def _total(self, answers: list[Answer]) -> Tensor:
        """The loss of all mini-batches, [1]. One whose targets are all ignored is 0/0, and counts nothing."""
        shares = self._noted(answers).shares
        parts = [share * answer.loss for share, answer in zip(shares, answers, strict=True) if share]
        return torch.stack(parts).sum().unsqueeze(0)

    def _noted(self, answers: list[Answer]) -> Sizes:
        """The sizes of these mini-batches, noted at the first pass over as many."""
        if len(answers) not in self.seen:
            self.seen[len(answers)] = _sizes(answers, self.mean, self.stands)
        return self.seen[len(answers)]

    def _learnt(self, params: Params) -> Sizes:
        """The sizes of all mini-batches; after a pass over them, if there was none yet."""
        if len(self.closures) not in self.seen:
            self.value(params)
        return self.seen[len(self.closures)]

    @contextmanager
    def _at(self, params: Params) -> Iterator[None]:
        """The user's parameters hold these values meanwhile."""
        own = {name: leaf.data for name, leaf in self.leaves.items()}
        try:
            for name, leaf in self.leaves.items():
                leaf.data = params[name][0]
            yield
        finally:
            for name, leaf in self.leaves.items():
                leaf.data = own[name]


def _sizes(answers: Sequence[Answer], mean: bool, stands: float) -> Sizes:
    weights = [answer.weight if mean else stands for answer in answers]
    if not sum(answer.weight for answer in answers) > 0:
        raise LonglagError("no target of the batch counts: there is none, or all are ignored or of weight 0")
    shares = tuple(weight / sum(weights) for weight in weights) if mean else tuple(weights)
    return Sizes(shares, float(sum(answer.sequences for answer in answers)))


def _sway(outputs: Tensor, slopes: Tensor) -> float:
    moved = (outputs.detach() * slopes).abs()
    return float(moved[moved.isfinite()].sum())  # an output of -inf, as of a masked class, has a slope of 0


def _gone() -> Twice:
    raise AssertionError("the graph of this answer was freed")
