"""Free runs: the outputs of a net take the place of what it was given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from longlag.esn import data
from longlag.esn.data import Targets
from longlag.esn.names import BadInput
from longlag.esn.network import Network
from longlag.words import count


@dataclass(frozen=True)
class Scale:
    """Mean and deviation of each channel; of a constant channel, deviation 1."""

    mean: np.ndarray
    deviation: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray, weights: np.ndarray | None = None) -> Scale:
        """Of steps [n, channels]; one of weight 2 counts as two. weights: [n], None: 1 each.

        Raises:
            BadInput: a deviation is not finite.
        """
        share = np.ones((len(values), 1)) if weights is None else weights[:, None]
        largest = np.abs(values).max(0, initial=0)
        with np.errstate(over="ignore", invalid="ignore"):
            mean = (share * values).sum(0) / share.sum()
            deviation = np.sqrt((share * np.square(values - mean)).sum(0) / share.sum())
        if not np.isfinite(deviation).all():
            channel = int(np.isfinite(deviation).argmin())
            raise BadInput(
                f"inputs or targets, up to {largest[channel]:.3g} in channel {channel}, are too large for their "
                "squares to be finite; scale X and y"
            )
        constant = deviation <= 1e-12 * largest
        return cls(mean, np.where(constant, 1.0, deviation))

    @classmethod
    def none(cls, channels: int) -> Scale:
        return cls(np.zeros(channels), np.ones(channels))

    def standard(self, values: np.ndarray) -> np.ndarray:
        return (values - self.mean) / self.deviation

    def raw(self, values: np.ndarray) -> np.ndarray:
        return values * self.deviation + self.mean


@dataclass(frozen=True)
class Scales:
    """Of inputs and of targets."""

    x: Scale
    y: Scale


def predicts_next(x: list[np.ndarray], targets: Targets) -> bool:
    """Are the targets y[t] the next inputs X[t + 1], up to noise? Only then can outputs take their place.

    They must be in the same units, and closer to X[t + 1] than to X[t] and X[t + 2]. Sequences of fewer than three
    steps do not show it.
    """
    if not targets.every or targets.y[0].shape[1] != x[0].shape[1]:
        return False
    wanted = np.concatenate([each[:-2] for each in targets.y])
    if not len(wanted):
        return False
    now, following, later = (np.concatenate([each[k : len(each) + k - 2] for each in x]) for k in range(3))
    error, others = _distance(wanted, following), [_distance(wanted, now), _distance(wanted, later)]
    enough = (error <= 0.25 * following.var(0) + 1e-12).all()
    return bool(enough and error.sum() <= min(each.sum() for each in others) and _same_units(wanted, following))


def _distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.square(a - b).mean(0)


def _same_units(a: np.ndarray, b: np.ndarray) -> bool:
    """Have the lines of b over a, or of a over b, slope 1 and intercept 0 within half of the scatter about them?

    Noise on one side leaves the line over the other side as it is. A scaler changes both, and there is no scatter.
    """
    return _identity(a, b) or _identity(b, a)


def _identity(a: np.ndarray, b: np.ndarray) -> bool:
    centred, mean = a - a.mean(0), a.mean(0)
    deviation = np.where(a.std(0) > 0, a.std(0), 1.0)  # of a constant channel, 1
    difference = b - a
    slope = (centred * difference).mean(0) / deviation**2  # less 1
    scatter = (difference - difference.mean(0) - slope * centred).std(0) / deviation
    allowed = 1e-6 * (1 + np.abs(mean) / deviation) + 0.5 * scatter
    return bool((np.abs(slope) <= allowed).all() and (np.abs(difference.mean(0)) / deviation <= allowed).all())


def with_feedback(net: Network, scales: Scales, steps: int, x: np.ndarray, y: Any, inputs: Any) -> np.ndarray:
    """The `steps` outputs after a warm-up on x [T, X] and its targets y; `inputs` [steps, X] drive them. [steps, O].

    Raises:
        BadInput: y or inputs are missing or have another shape.
    """
    if y is None:
        raise BadInput("a net with feedback is warmed up with its targets too: generate(steps, X, y)")
    teacher = _taught(y, len(x))
    if teacher.shape[1] != net.model.n_outputs:
        raise BadInput(f"y has {teacher.shape[1]} outputs per step; the net has {net.model.n_outputs}")
    later = np.zeros((steps, 0)) if inputs is None and not x.shape[1] else inputs
    if later is None or np.shape(later) != (steps, x.shape[1]):
        raise BadInput(f"inputs, those of the free steps, must have shape {(steps, x.shape[1])}")
    driven = scales.x.standard(np.concatenate([x, data.sequence(later, "inputs")]))
    fed = scales.y.standard(teacher)

    def now(t: int, last: np.ndarray) -> np.ndarray:
        back = fed[t - 1][None] if 0 < t <= len(fed) else last
        return np.concatenate([driven[t][:, None], back.T])

    return scales.y.raw(np.concatenate(list(net.free(len(driven), np.zeros(1, int), now, first=len(x)))))


def _taught(y: Any, steps: int) -> np.ndarray:
    """The targets of a warm-up of so many steps, [T, O]; they may be in a list or an array of one, as X may be.

    Raises:
        BadInput: they are of another shape, or no finite numbers.
    """
    wrapped = data.n_axes(y) != 0 and not hasattr(y, "columns") and len(y) == 1
    given = y[0] if wrapped and (steps > 1 or data.n_axes(y) == 3) else y
    if data.n_axes(given) >= 0 and (data.n_axes(given) not in (1, 2) or len(given) != steps):
        raise BadInput(
            f"y has shape {np.shape(y)} and the warm-up has {count(steps, 'step')}; its targets are [steps] "
            "or [steps, outputs]"
        )
    return data.finite(data.step_targets([given], [steps])).y[0]


def closed_loop(net: Network, scales: Scales, steps: int, x: np.ndarray, y: Any, inputs: Any) -> np.ndarray:
    """The outputs of the last step of x [T, X] and of `steps` - 1 more, each output the next input. [steps, O].

    Raises:
        BadInput: y or inputs are given, or outputs and inputs differ in number.
    """
    if y is not None or inputs is not None:
        raise BadInput("y and inputs are for nets with feedback; without it each output is the next input")
    if net.model.n_outputs != x.shape[1]:
        raise BadInput(
            f"{net.model.n_outputs} outputs cannot be the next {x.shape[1]} inputs; set feedback_scale, or fit the net "
            "to predict its next input"
        )
    driven = scales.x.standard(x)

    def now(t: int, last: np.ndarray) -> np.ndarray:
        return driven[t][:, None] if t < len(driven) else scales.x.standard(scales.y.raw(last)).T

    outputs = net.free(len(x) + steps - 1, np.zeros(1, int), now, first=len(x) - 1)
    return scales.y.raw(np.concatenate(list(outputs)))
