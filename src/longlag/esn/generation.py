"""Free runs: the outputs of a net take the place of what it was given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from longlag.esn import data
from longlag.esn.data import BadInput, Targets
from longlag.esn.network import Network


@dataclass(frozen=True)
class Scale:
    """Mean and deviation of each channel; of a constant channel, deviation 1."""

    mean: np.ndarray
    deviation: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray) -> Scale:
        deviation = values.std(0)
        constant = deviation <= 1e-12 * np.abs(values).max(0, initial=0)
        return cls(values.mean(0), np.where(constant, 1.0, deviation))

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
    """Are the targets the next inputs, up to noise of half their deviation? Only then can outputs take their place."""
    if not targets.every or targets.y[0].shape[1] != x[0].shape[1]:
        return False
    next_inputs = np.concatenate([each[1:] for each in x])
    wanted = np.concatenate([each[:-1] for each in targets.y])
    return bool((np.square(wanted - next_inputs).mean(0) <= 0.25 * next_inputs.var(0) + 1e-12).all())


def with_feedback(net: Network, scales: Scales, steps: int, x: np.ndarray, y: Any, inputs: Any) -> np.ndarray:
    """The `steps` outputs after a warm-up on x [T, X] and its targets y; `inputs` [steps, X] drive them. [steps, O].

    Raises:
        BadInput: y or inputs are missing or have another shape.
    """
    if y is None:
        raise BadInput("a net with feedback is warmed up with its targets too: generate(steps, X, y)")
    teacher = data.finite(data.step_targets([np.asarray(y)], [len(x)])).y[0]
    if teacher.shape[1] != net.model.n_outputs:
        raise BadInput(f"y has {teacher.shape[1]} outputs per step; the net has {net.model.n_outputs}")
    later = np.zeros((steps, 0)) if inputs is None and not x.shape[1] else inputs
    if later is None or np.shape(later) != (steps, x.shape[1]):
        raise BadInput(f"inputs, those of the free steps, must have shape {(steps, x.shape[1])}")
    driven = scales.x.standard(np.concatenate([x, data.sequences([later])[0]]))
    fed = scales.y.standard(teacher)

    def now(t: int, last: np.ndarray) -> np.ndarray:
        back = fed[t - 1][None] if 0 < t <= len(fed) else last
        return np.concatenate([driven[t][:, None], back.T])

    return scales.y.raw(np.concatenate(list(net.free(len(driven), np.zeros(1, int), now, first=len(x)))))


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
