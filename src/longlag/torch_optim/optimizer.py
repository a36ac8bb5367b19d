"""Hessian-Free as a `torch.optim.Optimizer`, for any module, loss and loop of torch.

    opt = HessianFree(model.parameters(), loss=nn.CrossEntropyLoss())
    for x, y in loader:
        loss = opt.step(lambda: (model(x), y))

The algorithm is `longlag.optimisers.HessianFree` (Martens 2010; Martens & Sutskever 2011), with one difference: all
questions of a step are asked of the batch that `step` gets, where that one draws a fresh batch for each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, cast

import torch
from torch import Tensor, nn

from longlag.algebra.stateless import threads, twice_differentiable
from longlag.errors import LonglagError, shown
from longlag.optimisers import hessian_free
from longlag.optimisers.base import Step
from longlag.optimisers.cg import ConjugateGradient
from longlag.optimisers.damping import LevenbergMarquardt
from longlag.ranges import COUNT, NON_NEGATIVE, declared, part
from longlag.torch_optim.closure import Closure
from longlag.torch_optim.criteria import criterion
from longlag.torch_optim.oracle import ClosureOracle
from longlag.torch_optim.watch import Watch

_EVERY = COUNT.high  # mini-batches: all there are
_STRUCTURAL = 0.03  # where hidden states are named and nothing else is said
_AGREEMENT = 1e-4  # of two losses at the same weights, relative
_TRAINED = (torch.float32, torch.float64)


@part
class HessianFreeSettings:
    """What a parameter group holds, checked at every step."""

    damping: Annotated[float, NON_NEGATIVE]
    structural_damping: Annotated[float, NON_NEGATIVE]
    weight_decay: Annotated[float, NON_NEGATIVE]
    cg_iterations: Annotated[int, COUNT]
    curvature_batches: Annotated[int, COUNT]

    def algorithm(self) -> hessian_free.HessianFree:
        """Its sizes of batches count mini-batches."""
        return hessian_free.HessianFree(
            gradient_batch=int(_EVERY),
            curvature_batch=self.curvature_batches,
            structural_damping=self.structural_damping,
            weight_decay=self.weight_decay,
            damping=LevenbergMarquardt(start=self.damping),
            cg=ConjugateGradient(most_iterations=self.cg_iterations),
        )


class HessianFree(torch.optim.Optimizer):
    """Truncated Newton steps: no learning rate, few steps, each of up to `cg_iterations` Gauss-Newton products.

    All parameters are solved for together, so that groups of parameters cannot differ in their settings. Each group
    has an entry "lr", which nothing reads: schedulers of torch run and change nothing. "damping" is the present
    lambda, which each step adapts. Parameters that do not require gradients at a step stay as they are.

    Args:
        params: `model.parameters()`, float32 or float64.
        loss: function of (outputs, targets), such as `nn.CrossEntropyLoss()`; closures then return these two. Torch's
            convex losses are known (`criteria.CONVEX`), those without a useful Gauss-Newton matrix refused with a
            remedy. Any other function that can be differentiated twice will do; a negative curvature raises an error.
            None: closures return (loss, outputs).
        damping: lambda to start with.
        structural_damping: mu, how much hidden states are held near where they are; None is 0.03 where a step sees
            any, else 0. It weighs squared distances summed over steps and averaged over sequences.
        hidden: a module, or several, whose outputs are hidden states (`model.rnn`).
        batch_axis: axis of hidden states that counts sequences; torch's recurrent layers say it themselves.
        weight_decay: of (weight_decay / 2) ||theta||^2, in loss, gradient and curvature.
        cg_iterations: at most, in a step.
        curvature_batches: how many of a step's mini-batches give the curvature, from the first on; None is all.

    Attributes:
        info: of the last step: damping, rho (reduction ratio), rate of the line search (0: no step), cg_iterations,
            cg_stopped, used (the iteration whose solution was taken), passes over the whole batch (a forward pass
            counts 1, with backward 3, a Gauss-Newton product 4).

    Raises:
        LonglagError: an argument that is out of range or of another kind.

    >>> model = nn.Linear(3, 1, dtype=torch.float64)
    >>> x = torch.eye(3, dtype=torch.float64)
    >>> opt = HessianFree(model.parameters(), loss=nn.MSELoss())
    >>> for _ in range(3): loss = opt.step(lambda: (model(x), x.sum(1, keepdim=True)))
    >>> bool(loss < 1e-2)
    True
    """

    def __init__(
        self,
        params: Iterable[Any],
        loss: Callable[..., Any] | None = None,
        *,
        damping: float = 0.1,
        structural_damping: float | None = None,
        hidden: nn.Module | Sequence[nn.Module] = (),
        batch_axis: int = 0,
        weight_decay: float = 0.0,
        cg_iterations: int = 150,
        curvature_batches: int | None = None,
    ) -> None:
        self.info: Mapping[str, float | str] = {}
        self._criterion = None if loss is None else criterion(loss)
        if type(batch_axis) is not int:
            raise LonglagError(f"batch_axis cannot be {shown(batch_axis)}; it must be a whole number")
        self._watch = Watch(_modules(hidden), batch_axis)
        defaults = {
            "lr": 1.0,
            "damping": damping,
            "structural_damping": structural_damping,
            "weight_decay": weight_decay,
            "cg_iterations": cg_iterations,
            "curvature_batches": curvature_batches,
        }
        _settings(defaults)
        super().__init__(_checked(params), defaults)

    def step(  # type: ignore[override]
        self, closure: Callable[..., Any], batches: Iterable[Any] | None = None
    ) -> Tensor:
        """One step. Returns the loss before it, a scalar.

        Args:
            closure: one forward pass; it calls neither `backward` nor `zero_grad`. It returns (outputs, targets) if
                the optimiser has a loss, else (loss, outputs), and as a third part, if it likes, hidden states for
                structural damping: a tensor, packed sequences, or several of them. It is called many times, and must
                give the same loss each time.
            batches: mini-batches that are one large batch together, such as a list of those of a `DataLoader`. The
                closure then gets the parts of one: `step(lambda x, y: (model(x), y), batches)`. Only one has a graph
                in memory at a time. All of them are held in memory.

        Raises:
            LonglagError: what the closure returns does not fit; a module in it is random or writes running
                statistics; the loss is not finite at the present weights, or its curvature is negative.
        """
        trained = self._trained()
        state = self._hf_state(trained)
        algorithm, oracle = _settings(self.param_groups[0]).algorithm(), self._oracle(closure, batches, trained)
        params = {name: leaf.detach().clone().unsqueeze(0) for name, leaf in trained.items()}
        with twice_differentiable(), threads(params), _explained(), torch.no_grad():
            _check_loss(oracle, params)
            step = algorithm.step(lambda n, purpose="train": oracle, params, state)
            for name, leaf in trained.items():
                leaf.copy_(step.params[name][0])
        self._keep(step, trained)
        self.info = {**step.info, "passes": oracle.counter.passes / len(oracle)}
        return step.loss[0]

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Adds parameters; their group has the settings of the others."""
        given = set(param_group)
        super().add_param_group(param_group)  # which fills in the defaults
        group, first = self.param_groups[-1], self.param_groups[0]
        for name in sorted(self.defaults.keys() - {"lr"}):
            if name == "damping" and name not in given:
                group[name] = first[name]  # the present one
            elif group[name] != first[name]:
                raise LonglagError(
                    f"groups of parameters differ in {name}: {shown(first[name])} and {shown(group[name])}; "
                    "Hessian-Free solves for all parameters together, with one value"
                )

    def __getstate__(self) -> dict[str, Any]:
        """What copies and pickles take along, beside what every optimiser of torch gives them."""
        return {**super().__getstate__(), **{name: vars(self)[name] for name in ("info", "_criterion", "_watch")}}

    def _trained(self) -> dict[str, nn.Parameter]:
        """The parameters of this step by name."""
        every = [p for group in self.param_groups for p in group["params"]]
        trained = {str(k): p for k, p in enumerate(every) if p.requires_grad}
        if not trained:
            raise LonglagError("no parameter of the optimiser requires gradients: there is nothing to train")
        for p in trained.values():
            if p.dtype not in _TRAINED:
                raise LonglagError(f"a parameter is of {p.dtype}; curvature needs float32 or float64: model.float()")
        return trained

    def _oracle(
        self, closure: Callable[..., Any], batches: Iterable[Any] | None, trained: dict[str, nn.Parameter]
    ) -> ClosureOracle:
        if not callable(closure):
            raise LonglagError(
                f"step takes a closure, not {shown(closure)}: opt.step(lambda: (model(x), y)) with a loss, or a "
                "function that returns (loss, outputs)"
            )
        calls = [closure] if batches is None else [_bound(closure, batch) for batch in batches]
        if not calls:
            raise LonglagError("batches hold no mini-batch; was an iterator used up? give a list or a DataLoader")
        named = self._criterion
        closures = [Closure(call, named, self._watch) for call in calls]
        mean, known = named is None or named.mean, named is not None and named.known
        required = self.param_groups[0]["structural_damping"] is not None
        return ClosureOracle(closures, trained, mean, known, required)

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


def _settings(group: Mapping[str, Any]) -> HessianFreeSettings:
    """The settings of a group of parameters.

    Raises:
        OutOfRange: one of them is not allowed.
    """
    given: dict[str, Any] = {name: group[name] for name in declared(HessianFreeSettings)}
    for name, otherwise in (("structural_damping", _STRUCTURAL), ("curvature_batches", int(_EVERY))):
        given[name] = otherwise if given[name] is None else given[name]
    return HessianFreeSettings(**given)


def _checked(params: Any) -> Any:
    if isinstance(params, nn.Module):
        raise LonglagError(f"params is a {type(params).__name__}; write HessianFree(model.parameters(), ...)")
    return params


def _modules(hidden: Any) -> tuple[nn.Module, ...]:
    modules = (hidden,) if isinstance(hidden, nn.Module) else hidden
    if not isinstance(modules, Iterable) or not all(isinstance(module, nn.Module) for module in modules):
        raise LonglagError(f"hidden cannot be {shown(hidden)}; name a module, such as hidden=model.rnn, or several")
    return tuple(modules)


def _bound(closure: Callable[..., Any], batch: Any) -> Callable[[], Any]:
    parts = tuple(batch) if isinstance(batch, tuple | list) else (batch,)
    return lambda: closure(*parts)


def _check_loss(oracle: ClosureOracle, params: dict[str, Tensor]) -> None:
    """Raises LonglagError unless the loss is finite, and the same in two passes at the present weights."""
    first, second = (float(oracle.value(params)) for _ in range(2))
    if not torch.tensor([first, second]).isfinite().all():
        raise LonglagError(
            f"the loss is {first} at the present weights. No step of Hessian-Free leads there; look at the inputs, "
            "the targets and the start"
        )
    if abs(first - second) > _AGREEMENT * max(abs(first), abs(second)):
        raise LonglagError(
            f"the loss is random: two passes at the same weights gave {first:.6g} and {second:.6g}. Turn off dropout "
            "and noise (model.eval()), and take data that is the same in every pass"
        )


@contextmanager
def _explained() -> Iterator[None]:
    """Says what torch's own error means where a closure cannot be differentiated twice."""
    try:
        yield
    except RuntimeError as error:
        text = str(error)
        if "second time" in text or "does not have a grad_fn" in text:  # of passes with a graph, and without one
            raise LonglagError(
                "the graph of the closure is gone: leave backward() out of it, and zero_grad() too; Hessian-Free "
                "computes gradients itself"
            ) from error
        if "double backward" in text or ("derivative for" in text and "not implemented" in text):
            raise LonglagError(
                f"something in the closure cannot be differentiated twice ({text.splitlines()[0][:200]}); a compiled "
                "model is used without torch.compile, a loss such as CTC not at all"
            ) from error
        raise
