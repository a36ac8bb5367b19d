"""Claim 6: careful initialisation keeps gradients alive; what is careful depends on the input's scale and on the units.

The library's own initialisations draw each start, and its orthogonal matrix is that of `Orthogonal`. The net runs over
the symbols of temporal order, and the norm of ds_T/ds_t is measured over 100 steps; s is all that the cell carries. The
plain start is U(-1/sqrt(H), 1/sqrt(H)), the default of common libraries for a recurrent net. A logistic net takes over
the starts of tanh nets in two ways: the same numbers, and in its own coordinates, with four times the recurrent weights
(tools/logistic.py). The bar is that of claim 8 (tools/carried.py), from below and from above. Every start that theory
calls careful is a case of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from longlag import registry
from longlag.cells.base import Recurrence
from longlag.cells.lstm import LSTM
from longlag.cells.tanh_rnn import TanhRNN
from longlag.inits.base import Init, Shapes
from longlag.inits.gates import Chrono, ForgetBias
from longlag.inits.isometric import orthogonal
from longlag.inits.sparse import SparseSpectral
from longlag.inits.uniform import Uniform
from longlag.lecture.base import Finding, claim, conclude_by_case, fill
from longlag.lecture.tools import carried, chains
from longlag.lecture.tools.logistic import AsLogistic, LogisticRNN
from longlag.lecture.tools.numbers import Number, over_seeds
from longlag.rng import stream
from longlag.tasks.base import Task

TASK, LAG, SETTLE = "temporal_order", 100, 100
HIDDEN, HIDDEN_LSTM = 100, 32
SMALL, LARGE = 0.1, 1.0  # input scales
FLOOR = 2.0**-24  # unit roundoff of float32: where a share is lost in the rounding of the newest step's
LEAST, GREATEST = carried.least(LAG), carried.greatest(LAG)
CLAIM = claim("careful_start", lag=LAG, task=TASK, least=LEAST, greatest=GREATEST)


@dataclass(frozen=True)
class Orthogonal:
    """W_hh orthogonal, uniform over the group; W_xh ~ N(0, input_scale^2); the rest zero.

    Saxe, McClelland & Ganguli 2014: a linear net that starts orthogonal passes every gradient on at its full length.
    """

    input_scale: float

    def draw(self, rng: np.random.Generator, shapes: Shapes) -> dict[str, np.ndarray]:
        w_hh = orthogonal(rng, shapes["W_hh"])
        drawn = {name: np.zeros(shape) for name, shape in shapes.items()}
        w_xh = self.input_scale * rng.standard_normal(shapes["W_xh"])
        return drawn | {"W_hh": w_hh, "W_xh": w_xh}


@dataclass(frozen=True)
class Start:
    """A cell with its start. asked: "carried" or "lost" over the lag if it is called so, else "".

    origin: the name of the tanh net's start that a logistic net takes over. unchanged: it takes over the same numbers.
    """

    label: str
    cell: Recurrence
    init: Init
    asked: str = ""
    units: str = "tanh"
    origin: str = ""
    unchanged: bool = False


def _starts() -> dict[str, Start]:
    tanh, lstm = TanhRNN(HIDDEN), LSTM(HIDDEN_LSTM)
    ungated = {
        "plain": Start("plain: U(±1/√H)", tanh, Uniform(1 / np.sqrt(HIDDEN)), "lost"),
        "sparse_small": Start("sparse, radius 1.1, small input", tanh, SparseSpectral(1.1, 15, SMALL), "carried"),
        "sparse_large": Start("sparse, radius 1.1, large input", tanh, SparseSpectral(1.1, 15, LARGE)),
        "orthogonal": Start("orthogonal, small input", tanh, Orthogonal(SMALL), "carried"),
    }
    gated = {
        "lstm_0": Start("LSTM, forget bias 0", lstm, ForgetBias(0.0)),
        "lstm_1": Start("LSTM, forget bias 1", lstm, ForgetBias(1.0)),
        "lstm_chrono": Start("LSTM, chrono", lstm, Chrono(float(LAG)), "carried"),
    }
    cell = LogisticRNN(HIDDEN)
    same = {
        f"{name}_same": Start(f"{one.label}, as it is", cell, one.init, "lost", "logistic", name, True)
        for name, one in ungated.items()
    }
    scaled = {
        f"{name}_scaled": Start(f"{one.label}, ×4", cell, AsLogistic(one.init), one.asked, "logistic", name)
        for name, one in ungated.items()
    }
    return {**ungated, **gated, **same, **scaled}


STARTS = _starts()


def measure(seeds: Sequence[int]) -> Finding:
    """Draws every start once per seed."""
    found = {name: [decays(start, seed) for seed in seeds] for name, start in STARTS.items()}
    best, mean = ({name: [pair[i] for pair in each] for name, each in found.items()} for i in (0, 1))
    return judge(best, {name: [float(np.exp(logs[-1])) for logs in each] for name, each in mean.items()})


def decays(start: Start, seed: int, settle: int = SETTLE, lag: int = LAG) -> tuple[np.ndarray, np.ndarray]:
    """ln ||ds_T/ds_{T-k}||, [lag+1], over the last steps of one sequence; the root mean square of all directions."""
    task: Task = registry.get("tasks", TASK)
    steps = settle + lag
    x = task.sample(stream(seed, "lecture", CLAIM.slug, "input"), steps, 1).x[:, 0]
    outputs = len(task.traits.target_mean)
    shapes = {**start.cell.shapes(x.shape[1]), "W_hy": (start.cell.hidden, outputs), "b_y": (outputs,)}
    drawn = start.init.draw(stream(seed, "lecture", CLAIM.slug, "init"), shapes)
    params = {name: drawn[name] for name in start.cell.shapes(x.shape[1])}
    return chains.both_log_norms(chains.jacobians(start.cell, params, x, lag))


def judge(logs: Mapping[str, Sequence[np.ndarray]], means: Mapping[str, Sequence[float]]) -> Finding:
    """The verdict on what was measured, start by start; logs: ln norms by start and seed. means: the share that a
    random direction keeps over the lag."""
    numbers = {name: _number(STARTS[name], each) for name, each in logs.items()}
    contrast = [numbers[name] for name, start in STARTS.items() if start.asked == "lost"]
    careful = [name for name, start in STARTS.items() if start.asked == "carried" and start.units == "tanh"]
    cases = {STARTS[name].label: [*_with_twin(name, numbers), *contrast] for name in careful}
    better = [
        over_seeds(
            f"{STARTS[name].label}: over the plain start's", _decades(logs[name], logs["plain"]), "powers of ten"
        )
        for name in careful
    ]
    random = {
        name: over_seeds(f"{STARTS[name].label}: mean of all directions (root mean square)", means[name])
        for name in careful
    }
    unchanged = max(numbers[name].high for name, start in STARTS.items() if start.unchanged)
    parts = ", ".join(f"{STARTS[name].label} {numbers[name].value:.2g}" for name in careful)
    told: dict[str, Any] = {"lag": LAG, "plain": numbers["plain"].value, "parts": parts, "unchanged": unchanged}
    series = _series(logs)
    short = _short({name: start["reach"] for name, start in series["starts"].items()})
    each = ", ".join(f"{steps:.0f} steps by {STARTS[name].label}" for name, steps in short.items())
    caveat = f"other starts that are called careful carry the gradient less far: {each}" if short else ""
    but = fill(CLAIM.slug, "but", longest=max(short.values())) if short else ""
    shown = {
        STARTS[name].label: fill(CLAIM.slug, "shown", best=numbers[name].value, mean=share.value)
        for name, share in random.items()
    }
    every = [*numbers.values(), *random.values(), *better]
    return conclude_by_case(CLAIM, cases, every, series, caveat, but, shown, **told)


def _number(start: Start, each: Sequence[np.ndarray]) -> Number:
    """What is left at the lag, with the bar of what the start is called."""
    bars: dict[str, dict[str, float]] = {"carried": {"at_least": LEAST, "at_most": GREATEST}, "lost": {"below": LEAST}}
    left = [float(np.exp(found[-1])) for found in each]
    means = f"the gradient of the start “{start.label}” ({start.units}) is {start.asked}" if start.asked else ""
    return over_seeds(f"{start.units}, {start.label}: norm at lag {LAG}", left, "", means, **bars.get(start.asked, {}))


def _with_twin(name: str, numbers: Mapping[str, Number]) -> list[Number]:
    """The number of a start, and that of the logistic net which is the same net in other coordinates."""
    twins = [other for other, start in STARTS.items() if start.origin == name and not start.unchanged]
    return [numbers[one] for one in (name, *twins)]


def _decades(ours: Sequence[np.ndarray], plain: Sequence[np.ndarray]) -> list[float]:
    """How many powers of ten lie between two starts' norms at the lag, by seed."""
    return [float((one[-1] - other[-1]) / np.log(10)) for one, other in zip(ours, plain, strict=True)]


def _series(logs: Mapping[str, Sequence[np.ndarray]]) -> dict[str, Any]:
    starts = {
        name: {
            "units": STARTS[name].units,
            "origin": STARTS[name].origin or name,
            "unchanged": STARTS[name].unchanged,
            "reach": [chains.reach(found, np.log(LEAST)) for found in each],
            "lost_after": [chains.reach(found, np.log(FLOOR)) for found in each],
            "log10_norms": [found / np.log(10) for found in each],
        }
        for name, each in logs.items()
    }
    return {"seeds": len(logs["plain"]), "floor": FLOOR, "least": LEAST, "greatest": GREATEST, "starts": starts}


def _short(reach: Mapping[str, list[int]]) -> dict[str, float]:
    """How far those carry that are often called careful and fall short, by their median."""
    medians = {name: float(np.median(reach[name])) for name in ("sparse_large", "lstm_0", "lstm_1")}
    return {name: steps for name, steps in medians.items() if steps < LAG}
