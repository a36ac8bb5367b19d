"""Hessian-Free as a `torch.optim.Optimizer`, for any module, loss and loop of torch.

    opt = HessianFree(model.parameters(), loss=nn.CrossEntropyLoss())
    for x, y in loader:
        loss = opt.step(lambda: (model(x), y))

The algorithm is `longlag.optimisers.HessianFree` (Martens 2010; Martens & Sutskever 2011), with one difference: all
questions of a step are asked of the batch that `step` gets, where that one draws a fresh batch for each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypedDict, cast

import torch
from torch import Tensor, nn

from longlag.algebra.stateless import threads, twice_differentiable
from longlag.algebra.trainable import check_shape
from longlag.arguments import named
from longlag.errors import LonglagError, shown
from longlag.optimisers import hessian_free
from longlag.optimisers.base import Step
from longlag.torch_optim.batches import calls
from longlag.torch_optim.closure import Closure
from longlag.torch_optim.criteria import criterion
from longlag.torch_optim.guards import (
    check_loss,
    check_modes,
    check_parameters,
    explained,
    warn_of_gradients,
)
from longlag.torch_optim.oracle import ClosureOracle
from longlag.torch_optim.settings import (
    NAMES,
    NO_RATE,
    RATE,
    START,
    check_given,
    check_rates,
    check_saved,
    settings,
    shared,
)
from longlag.torch_optim.watch import Watch


class Info(TypedDict):
    """What `HessianFree.info` says of the last step. Before the first one it has no entry."""

    damping: float
    rho: float
    rate: float
    cg_iterations: int
    cg_stopped: str
    used: int
    passes: float
    unused: int


class HessianFree(torch.optim.Optimizer):
    """Truncated Newton steps (Martens 2010): no learning rate, few steps, each of up to `cg_iterations` products.

    All parameters are solved for together, so that groups of parameters cannot differ in their settings. Each group has
    an entry "lr", which nothing reads: schedulers of torch run and change nothing, which a warning says. "damping" is
    the present lambda, which each step adapts. Parameters that do not require gradients at a step stay as they are. So
    do those that the loss does not depend on, but for `weight_decay`; `info["unused"]` counts them.

    With fewer than 200,000 trained parameters a step, and the closure in it, runs on one CPU thread: products of small
    matrices are too short to be shared. The closure may call `torch.set_num_threads(n)`; the step sets the number back.

    Args:
        params: `model.parameters()`, float32 or float64.
        loss: function of (outputs, targets), such as `nn.CrossEntropyLoss()`; closures then return these two. Torch's
            convex losses are known (`criteria.CONVEX`), those without a useful Gauss-Newton matrix refused with a
            remedy. Any other function that can be differentiated twice will do; a negative curvature raises an error.
            None: closures return (loss, outputs).
        damping: lambda to start with.
        structural_damping: mu, how much hidden states are held near where they are; None is 0.03 where a step sees
            any, else 0. It weighs squared distances summed over steps and averaged over sequences; summed over both
            where the loss is a sum.
        hidden: a module, or several, whose outputs are hidden states (`model.rnn`). None: none.
        batch_axis: axis of hidden states that counts sequences. Modules of torch that are named as `hidden` say it
            themselves if they are recurrent layers or cells. For other states None is the first, and the first step
            warns if another axis agrees with the rows of the outputs and the first does not.
        weight_decay: of (weight_decay / 2) ||theta||^2, in loss, gradient and curvature.
        cg_iterations: at most, in a step.
        curvature_batches: how many of a step's mini-batches give the curvature, from the first on; None is all. Where
            the loss is a sum, theirs is scaled to the number of all, which should be of one size.

    Attributes:
        info: of the last step: damping (lambda), rho (reduction ratio: the decrease of the loss over that of the model,
            both for the whole step, before the line search), rate of the line search (0: no step), cg_iterations,
            cg_stopped ("progress": the model's value hardly falls any more; "limit": cg_iterations were done;
            "breakdown": the gradient is zero, or a curvature is not positive or not finite), used (the iteration whose
            solution was taken), passes over the whole batch (a forward pass counts 1, with backward 3, a Gauss-Newton
            product 4), unused (how many parameters, counted as tensors, the loss does not depend on).

    Raises:
        LonglagError: an argument that is out of range, of another kind, or that does not exist.

    >>> model = nn.Linear(3, 1, dtype=torch.float64)
    >>> x = torch.eye(3, dtype=torch.float64)
    >>> opt = HessianFree(model.parameters(), loss=nn.MSELoss())
    >>> for _ in range(3): loss = opt.step(lambda: (model(x), x.sum(1, keepdim=True)))
    >>> bool(loss < 1e-2)
    True
    """

    @named(
        lr=NO_RATE,
        params="HessianFree(model.parameters(), loss=nn.CrossEntropyLoss())",
        criterion="it is called loss",
        max_iter="it is called cg_iterations",
        momentum="conjugate gradients start from the last step instead. Leave it out",
    )
    def __init__(
        self,
        params: Iterable[Any],
        loss: Callable[..., Any] | None = None,
        *,
        damping: float = 0.1,
        structural_damping: float | None = None,
        hidden: nn.Module | Sequence[nn.Module] | None = None,
        batch_axis: int | None = None,
        weight_decay: float = 0.0,
        cg_iterations: int = 150,
        curvature_batches: int | None = None,
    ) -> None:
        self.info = cast("Info", {})
        self._criterion = None if loss is None else criterion(loss)
        if batch_axis is not None and type(batch_axis) is not int:
            raise LonglagError(f"batch_axis cannot be {shown(batch_axis)}; it must be None or a whole number")
        self._watch = Watch(_modules(hidden), batch_axis)
        defaults = {
            "lr": RATE,
            "damping": damping,
            "structural_damping": structural_damping,
            "weight_decay": weight_decay,
            "cg_iterations": cg_iterations,
            "curvature_batches": curvature_batches,
        }
        settings(defaults)
        super().__init__(_checked(params), defaults)

    @named(closure="step(lambda: (model(x), y)), or step(closure, batches); it is called many times in a step")
    def step(  # type: ignore[override]
        self, closure: Callable[..., Any], batches: Iterable[Any] | None = None
    ) -> Tensor:
        """One step. Returns the loss before it, a scalar.

        Args:
            closure: one forward pass; it calls neither `backward` nor `zero_grad`. It returns (outputs, targets) if
                the optimiser has a loss, else (loss, outputs), and as a third part, if it likes, hidden states for
                structural damping: a tensor, packed sequences, or several of them. It is called many times, and must
                give the same loss each time. All of the loss must pass through the outputs: of a penalty that is
                added to it beside them, curvature is missing. The first step of an optimiser warns of it.
            batches: mini-batches that are one large batch together, such as a list of those of a `DataLoader`. The
                closure then gets the parts of one: `step(lambda x, y: (model(x), y), batches)`. Only one has a graph
                in memory at a time. All of them are held in memory.

        Raises:
            LonglagError: what the closure returns, or the mini-batches, do not fit; the model of the closure is not
                that of the optimiser; a module or operation in it is random or writes running statistics, or cannot be
                differentiated twice; a module named as `hidden` is not called; the loss is not finite at the present
                weights, is linear in the outputs, or its curvature is negative; no parameter requires gradients, or
                one is neither float32 nor float64; the settings of two groups of parameters differ, or one is out of
                range; `torch.autocast` or `torch.inference_mode` is on around the step.
        """
        trained = self._trained()
        check_rates(self.param_groups)
        state = self._hf_state(trained)
        every = shared(self.param_groups)
        oracle = self._oracle(closure, batches, trained)
        algorithm = every.algorithm(start=self.param_groups[0][START], sway=lambda: oracle.counter.sway)
        params = {name: leaf.detach().clone().unsqueeze(0) for name, leaf in trained.items()}
        with twice_differentiable(), threads(params), explained(), torch.no_grad():
            check_loss(oracle, params)
            oracle.check_called()
            step = algorithm.step(lambda n, purpose="train": oracle, params, state)
            for name, leaf in trained.items():
                leaf.copy_(step.params[name][0])
        self._keep(step, trained)
        unused = len(trained) - len(oracle.counter.used)
        passes = oracle.counter.passes / len(oracle)
        self.info = cast("Info", {**step.info, "passes": passes, "unused": unused})
        return step.loss[0]

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Adds parameters; their group has the settings of the others.

        Args:
            param_group: {"params": model.head.parameters()}.

        Raises:
            LonglagError: an option that does not exist, or another value than that of the other groups.
        """
        check_given(param_group)
        group = {**self.defaults, **param_group}
        if self.param_groups:
            first = self.param_groups[0]
            group = {**self.defaults, **{name: first[name] for name in NAMES}, **param_group, START: first[START]}
        else:
            group[START] = group["damping"]
        shared([*self.param_groups, group])
        super().add_param_group(group)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Resumes from what `state_dict` returned, with the same model: the next steps are equal, byte for byte.

        A state saved before lambda's start was part of it leaves this optimiser its own `damping` as the start.

        Raises:
            LonglagError: it is of another optimiser, or of a model of other sizes or without any yet (lazy modules).
        """
        for p in (p for group in self.param_groups for p in group["params"]):
            check_shape(p)
        check_saved(state_dict, self.param_groups)
        start = self.param_groups[0][START]
        super().load_state_dict(state_dict)
        for group in self.param_groups:
            group.setdefault(START, start)

    def __getstate__(self) -> dict[str, Any]:
        """What copies and pickles take along, beside what every optimiser of torch gives them."""
        return {**super().__getstate__(), **{name: vars(self)[name] for name in ("info", "_criterion", "_watch")}}

    def _trained(self) -> dict[str, nn.Parameter]:
        """The parameters of this step by name."""
        every = [p for group in self.param_groups for p in group["params"]]
        trained = {str(k): p for k, p in enumerate(every) if p.requires_grad}
        check_parameters(trained)
        check_modes(trained)
        return trained

    def _oracle(
        self, closure: Callable[..., Any], batches: Iterable[Any] | None, trained: dict[str, nn.Parameter]
    ) -> ClosureOracle:
        loss, called = self._criterion, set[nn.Module]()
        closures = [Closure(call, loss, self._watch, called) for call in calls(closure, batches)]
        mean, known = loss is None or loss.mean, loss is not None and loss.known
        required = self.param_groups[0]["structural_damping"] is not None
        first = not any(self.state[p] for p in trained.values())
        if first:
            warn_of_gradients(trained)
        return ClosureOracle(closures, trained, mean, known, required, first)

    def _hf_state(self, trained: dict[str, nn.Parameter]) -> hessian_free.HFState:
        directions = {name: self.state[p].get("direction", torch.zeros_like(p)) for name, p in trained.items()}
        return hessian_free.HFState(
            damping=self.param_groups[0]["damping"],
            direction={name: value.detach().unsqueeze(0) for name, value in directions.items()},
        )

    def _keep(self, step: Step, trained: dict[str, nn.Parameter]) -> None:
        state = cast(hessian_free.HFState, step.state)
        for group in self.param_groups:
            group["damping"] = state.damping
        for name, p in trained.items():
            self.state[p]["direction"] = state.direction[name][0]


def _checked(params: Any) -> Any:
    if isinstance(params, nn.Module):
        raise LonglagError(f"params is a {type(params).__name__}; write HessianFree(model.parameters(), ...)")
    if isinstance(params, Tensor) or not isinstance(params, Iterable):
        raise LonglagError(f"params cannot be {shown(params)}; write HessianFree(model.parameters(), ...)")
    params = list(params)
    if not params:
        raise LonglagError(
            "params hold no parameter; write HessianFree(model.parameters(), ...). A generator of them can be used once"
        )
    return params


def _modules(hidden: Any) -> tuple[nn.Module, ...]:
    modules = () if hidden is None else (hidden,) if isinstance(hidden, nn.Module) else hidden
    if not isinstance(modules, Iterable) or not all(isinstance(module, nn.Module) for module in modules):
        raise LonglagError(f"hidden cannot be {shown(hidden)}; name a module, such as hidden=model.rnn, or several")
    return tuple(modules)
