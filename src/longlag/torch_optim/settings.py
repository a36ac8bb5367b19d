"""The settings of the optimiser, which every group of parameters holds and all must hold alike.

Groups may come from a constructor, from an edited `param_groups` or from a file: all are checked here.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import torch
from torch import Tensor

from longlag.errors import LonglagError, shown, unknown, warn_user
from longlag.optimisers import hessian_free
from longlag.optimisers.cg import ConjugateGradient
from longlag.optimisers.damping import LevenbergMarquardt
from longlag.ranges import COUNT, NON_NEGATIVE, OutOfRange, declared, part

NO_RATE = (
    "Hessian-Free has no learning rate: curvature and a line search give the length of a step, and damping adapts "
    "itself. Leave it out"
)
RATE = 1.0  # the "lr" of every group, which schedulers expect and nothing reads
START = "damping_start"  # of each group, but given by no user: lambda at the first step of all
_EVERY = COUNT.high  # mini-batches: all there are
_STRUCTURAL = 0.03  # where hidden states are named and nothing else is said
_ROUNDING = 8.0  # of a loss and of outputs, sums of many numbers: in parts of them, in units of the type's epsilon
_LEAST_DAMPING = 1e-20  # a curvature below it is rounding
_UNREAD = {"params", "param_names", "name", "initial_lr"}  # entries of torch and of schedulers, and a user's own name


@dataclass(frozen=True)
class ToRounding(hessian_free.HessianFree):
    """Hessian-Free for loops that nobody watches, which may train to the last digit of the loss.

    There a decrease that the model promises is below the rounding of the loss, and the reduction ratio is noise: by it
    lambda would grow with every step, until no step could change the loss any more. Such a step says that lambda is
    too large, or that nothing is left to gain; so lambda goes back, until it is where it started.

    What is rounded is the loss, and before it the outputs, which matters where the loss goes to zero: a squared error
    that is left there is made of the rounding of outputs and targets, and its own would be no measure.
    sway: by how much the last gradient's loss moves, at most and to first order, per relative change of the outputs.
    """

    sway: Callable[[], float] = field(kw_only=True)

    def _adapted(self, damping: float, predicted: float, rho: float, loss: Tensor) -> float:
        if abs(predicted) > _ROUNDING * torch.finfo(loss.dtype).eps * (abs(float(loss)) + self.sway()):
            return max(super()._adapted(damping, predicted, rho, loss), _LEAST_DAMPING)
        return max(min(damping, self.damping.start), damping / self.damping.factor)


@part
class HessianFreeSettings:
    """What a group of parameters holds, checked at every step."""

    damping: Annotated[float, NON_NEGATIVE]
    structural_damping: Annotated[float, NON_NEGATIVE]
    weight_decay: Annotated[float, NON_NEGATIVE]
    cg_iterations: Annotated[int, COUNT]
    curvature_batches: Annotated[int, COUNT]

    def algorithm(self, start: float, sway: Callable[[], float]) -> hessian_free.HessianFree:
        """Its sizes of batches count mini-batches. start: lambda at the first step of all. sway: of `ToRounding`."""
        return ToRounding(
            gradient_batch=int(_EVERY),
            curvature_batch=self.curvature_batches,
            structural_damping=self.structural_damping,
            weight_decay=self.weight_decay,
            damping=LevenbergMarquardt(start=start),
            cg=ConjugateGradient(most_iterations=self.cg_iterations),
            sway=sway,
        )


NAMES = tuple(declared(HessianFreeSettings))


def settings(group: Mapping[str, Any]) -> HessianFreeSettings:
    """The settings of a group of parameters.

    Raises:
        OutOfRange: one of them is not allowed.
    """
    given: dict[str, Any] = {name: group[name] for name in NAMES}
    for name, otherwise in (("structural_damping", _STRUCTURAL), ("curvature_batches", int(_EVERY))):
        given[name] = otherwise if given[name] is None else given[name]
    try:
        return HessianFreeSettings(**given)
    except OutOfRange as error:  # its user has never seen that class
        raise OutOfRange("HessianFree", error.name, error.value, error.reason) from None


def check_given(group: Any) -> None:
    """Raises LonglagError if somebody gives a group of parameters an option that Hessian-Free does not have."""
    if not isinstance(group, Mapping) or "params" not in group:
        raise LonglagError(f'a group of parameters is {{"params": model.parameters()}}, not {shown(group)}')
    for name in sorted(group.keys() - _UNREAD - set(NAMES)):
        if name == "lr":
            raise LonglagError(f"a group of parameters has lr={shown(group[name])}, but {NO_RATE}")
        raise unknown("option of a group of parameters", name, NAMES)


def shared(groups: Sequence[Mapping[str, Any]]) -> HessianFreeSettings:
    """The settings that all groups share.

    Raises:
        LonglagError: two groups differ in one. "lr" may differ: schedulers write it, and nothing reads it.
    """
    first = groups[0]
    for group in groups[1:]:
        for name in NAMES:
            if group[name] != first[name]:
                raise LonglagError(
                    f"groups of parameters differ in {name}: {shown(first[name])} and {shown(group[name])}; "
                    "Hessian-Free solves for all parameters together, with one value: give it to HessianFree(...), "
                    "or write it into all param_groups"
                )
    return settings(first)


def check_rates(groups: Sequence[Mapping[str, Any]]) -> None:
    """Warns if somebody, or a scheduler, has written a learning rate into a group."""
    if any(group["lr"] != RATE for group in groups):
        warn_user(f"the lr of a group of parameters was changed, which changes nothing: {NO_RATE}")


def check_saved(saved: Any, groups: Sequence[Mapping[str, Any]]) -> None:
    """Raises LonglagError unless a state_dict is one of this optimiser with these groups of parameters."""
    if not isinstance(saved, Mapping) or not {"state", "param_groups"} <= saved.keys():
        raise LonglagError(f"{_kind(saved)} is no state_dict of an optimiser; give what opt.state_dict() returned")
    for group in saved["param_groups"]:
        missing = [name for name in NAMES if name not in group]
        if missing:
            has = ", ".join(sorted(group.keys() - {"params"}))
            raise LonglagError(
                f"the state_dict is of another optimiser: its groups hold {has}, and no {missing[0]}; give one of "
                "longlag.torch_optim.HessianFree, or start from a new optimiser"
            )
    sizes = [[len(group["params"]) for group in some] for some in (saved["param_groups"], groups)]
    if sizes[0] != sizes[1]:
        raise LonglagError(
            f"the state_dict has groups of {sizes[0]} parameters and the optimiser groups of {sizes[1]}; give one that "
            "was saved with the same model and the same groups"
        )
    shared(saved["param_groups"])
    start = saved["param_groups"][0].get(START, 0.0)
    if not isinstance(start, numbers.Real) or start not in NON_NEGATIVE:
        raise OutOfRange("HessianFree", START, start, f"it must be a number, {NON_NEGATIVE}")
    own = [p for group in groups for p in group["params"]]
    keys = [key for group in saved["param_groups"] for key in group["params"]]
    for key, p in zip(keys, own, strict=True):
        _check_direction(key, saved["state"].get(key, {}), p)


def _check_direction(key: Any, entry: Mapping[str, Any], p: Tensor) -> None:
    if not entry:
        return  # of a parameter that was frozen, or before the first step
    direction = entry.get("direction")
    if not isinstance(direction, Tensor) or set(entry) != {"direction"}:
        raise LonglagError(
            f"the state_dict is of another optimiser: it holds {', '.join(map(str, entry))} of parameter {key}, where "
            "HessianFree keeps a direction"
        )
    if direction.shape != p.shape:
        raise LonglagError(
            f"the state_dict holds a direction of shape {list(direction.shape)} for parameter {key}, which has shape "
            f"{list(p.shape)}; give one that was saved with a model of the same sizes"
        )


def _kind(value: Any) -> str:
    return f"a {type(value).__name__}" + (f" of {', '.join(map(str, value))}" if isinstance(value, Mapping) else "")
