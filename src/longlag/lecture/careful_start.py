"""Claim 6: careful initialisation keeps gradients alive; what is careful depends on the input's scale and on the units.

Each start is drawn by the library's own initialisations, run over the symbols of temporal order, and asked for the norm
of ds_T/ds_t over 100 steps; s is all that the cell carries. The plain start is U(-1/sqrt(H), 1/sqrt(H)), what common
libraries draw for a recurrent net. A logistic net is given the same starts twice: the numbers as they are, and in its
own coordinates, four times the recurrent weights (tools/logistic.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from longlag import registry
from longlag.cells.base import Cell
from longlag.cells.lstm import LSTM
from longlag.cells.tanh_rnn import TanhRNN
from longlag.inits.base import Init, Shapes
from longlag.inits.gates import Chrono, ForgetBias
from longlag.inits.sparse import SparseSpectral
from longlag.inits.uniform import Uniform
from longlag.lecture.base import Claim, Exercise, Finding, Number, over_seeds, verdict
from longlag.lecture.tools import cells, chains
from longlag.lecture.tools.logistic import AsLogistic, LogisticRNN
from longlag.rng import stream
from longlag.tasks.base import Task

TASK, LAG, SETTLE = "temporal_order", 100, 100
HIDDEN, HIDDEN_LSTM = 100, 32
SMALL, LARGE = 0.1, 1.0  # input scales
FLOOR = 2.0**-24  # unit roundoff of float32


@dataclass(frozen=True)
class Orthogonal:
    """W_hh orthogonal, uniform over the group (QR of a Gaussian); W_xh ~ N(0, input_scale^2); the rest zero.

    Saxe, McClelland & Ganguli 2014: a linear net that starts orthogonal passes every gradient on at its full length.
    """

    input_scale: float

    def draw(self, rng: np.random.Generator, shapes: Shapes) -> dict[str, np.ndarray]:
        q, r = np.linalg.qr(rng.standard_normal(shapes["W_hh"]))
        drawn = {name: np.zeros(shape) for name, shape in shapes.items()}
        return drawn | {
            "W_hh": q * np.sign(np.diag(r)),
            "W_xh": self.input_scale * rng.standard_normal(shapes["W_xh"]),
        }


@dataclass(frozen=True)
class Start:
    """A cell with its start. asked: "alive" or "lost" at lag 100 if theory says so, else "". why: that theory."""

    label: str
    cell: Cell
    init: Init
    asked: str = ""


_BOUND = 1 / np.sqrt(HIDDEN)
TANH = {
    "plain": Start("plain: U(±1/√H)", TanhRNN(HIDDEN), Uniform(_BOUND), "lost"),
    "sparse_small": Start("sparse, radius 1.1, small input", TanhRNN(HIDDEN), SparseSpectral(1.1, 15, SMALL), "alive"),
    "sparse_large": Start("sparse, radius 1.1, large input", TanhRNN(HIDDEN), SparseSpectral(1.1, 15, LARGE)),
    "orthogonal": Start("orthogonal, small input", TanhRNN(HIDDEN), Orthogonal(SMALL), "alive"),
    "lstm_0": Start("LSTM, forget bias 0", LSTM(HIDDEN_LSTM), ForgetBias(0.0)),
    "lstm_1": Start("LSTM, forget bias 1", LSTM(HIDDEN_LSTM), ForgetBias(1.0)),
    "lstm_chrono": Start("LSTM, chrono", LSTM(HIDDEN_LSTM), Chrono(float(LAG)), "alive"),
}
_PLAIN = ("plain", "sparse_small", "sparse_large", "orthogonal")  # starts of nets without gates
LOGISTIC = {
    **{f"{n}_same": Start(f"{TANH[n].label}, as it is", LogisticRNN(HIDDEN), TANH[n].init, "lost") for n in _PLAIN},
    **{
        f"{n}_scaled": Start(f"{TANH[n].label}, ×4", LogisticRNN(HIDDEN), AsLogistic(TANH[n].init), TANH[n].asked)
        for n in _PLAIN
    },
}

CLAIM = Claim(
    number=6,
    slug="careful_start",
    title="Careful initialisation makes things much better",
    sentence="Careful initialisation of the weights makes things much better: gradients neither vanish nor explode "
    "over "
    "many steps before anything is learned.",
    quantity="||ds_T/ds_t|| at lags of 1 to 100 steps, driven by the symbols of temporal order, for seven starts of "
    "tanh "
    "nets and LSTMs and eight of logistic nets; and the largest lag at which it is still above 2⁻²⁴",
    threshold="Alive at lag 100: at least 2⁻²⁴ ≈ 6e-8, the unit roundoff of float32, below which a step's share of a "
    "gradient is lost in the rounding of its newest step's. By theory alive: sparse at spectral radius 1.1 with small "
    "input (Jaeger 2001; Sutskever et al. 2013, section 4), orthogonal (1 per step at rest; Saxe et al. 2014), LSTM "
    "with chrono biases ((1 − 1/T)^100 ≈ 1/e; Tallec & Ollivier 2018), and the same starts of logistic nets with "
    "weights "
    "times four. By theory lost: the plain start (radius 1/√3, 10⁻²⁴ at lag 100), and every tanh start given to a "
    "logistic net as it is (slopes ≤ 1/4: (1.1/4)^100 = 10⁻⁵⁶ for a normal matrix; Hochreiter 1991). Not asked, but "
    "measured: radius 1.1 with large input, and LSTM forget bias 0 (½^100 = 10⁻³⁰) and 1 (0.73^100 = 10⁻¹⁴; Jozefowicz "
    "et al. 2015).",
    exercise=Exercise(
        predict="Spectral radius 1.1, but the inputs ten times as strong: does the gradient explode, stay or vanish?",
        run="`longlag lecture --claim careful_start --out results/lecture`",
        explain="A spectral radius above 1 at rest, and yet no explosion: which factor of the Jacobian does the "
        "input move?",
    ),
)


def measure(seeds: Sequence[int]) -> Finding:
    """Draws every start once per seed."""
    return judge({name: [decay(start, seed) for seed in seeds] for name, start in (TANH | LOGISTIC).items()})


def decay(start: Start, seed: int, settle: int = SETTLE, lag: int = LAG) -> np.ndarray:
    """ln ||ds_T/ds_{T-k}||, [lag+1], over the last steps of one sequence."""
    task: Task = registry.get("tasks", TASK)
    steps = settle + lag
    x = task.sample(stream(seed, "lecture", CLAIM.slug, "input"), steps, 1).x[:, 0]
    outputs = len(task.traits.target_mean)
    shapes = {**start.cell.shapes(x.shape[1]), "W_hy": (start.cell.hidden, outputs), "b_y": (outputs,)}
    drawn = start.init.draw(stream(seed, "lecture", CLAIM.slug, "init"), shapes)
    params = {name: drawn[name] for name in start.cell.shapes(x.shape[1])}
    return chains.log_norms(cells.jacobians(start.cell, params, x, lag))


def judge(logs: Mapping[str, Sequence[np.ndarray]]) -> Finding:
    """The verdict on what was measured; logs: ln norms by start and seed."""
    numbers: list[Number] = []
    bounds: dict[str, Callable[[float], dict[str, float]]] = {
        "alive": lambda floor: {"at_least": floor},
        "lost": lambda floor: {"below": floor},
        "": lambda floor: {},
    }
    starts = TANH | LOGISTIC
    for name, each in logs.items():
        kind, start = "logistic" if name in LOGISTIC else "tanh", starts[name]
        left = [float(np.exp(found[-1])) for found in each]
        numbers.append(over_seeds(f"{kind}, {start.label}: norm at lag {LAG}", left, "", **bounds[start.asked](FLOOR)))
    reach = {name: [chains.reach(found, np.log(FLOOR)) for found in each] for name, each in logs.items()}
    caveat = _caveat(reach)
    alive = [name for name in TANH if TANH[name].asked == "alive"]
    by_name = dict(zip(logs, numbers, strict=True))
    unscaled = max(by_name[f"{name}_same"].high for name in _PLAIN)
    summary = (
        f"At lag {LAG} the plain start has {by_name['plain'].value:.0e} of its gradient left; "
        + ", ".join(f"{TANH[name].label} {by_name[name].value:.2g}" for name in alive)
        + f"; tanh starts given to logistic units as they are at most {unscaled:.0e}."
    )
    return Finding(verdict(numbers, caveat), summary, numbers, caveat, _series(logs, reach))


def _caveat(reach: Mapping[str, list[int]]) -> str:
    """What falls short of lag 100 though it is often called careful, by its median reach."""
    short = [
        f"{TANH[name].label} {np.median(reach[name]):.0f} steps"
        for name in ("sparse_large", "lstm_0", "lstm_1")
        if np.median(reach[name]) < LAG
    ]
    return f"not every such start is careful enough: above float32's rounding are {', '.join(short)}" if short else ""


def _series(logs: Mapping[str, Sequence[np.ndarray]], reach: Mapping[str, list[int]]) -> dict[str, Any]:
    starts = TANH | LOGISTIC
    return {
        "seeds": len(logs["plain"]),
        "floor": FLOOR,
        "tanh": list(TANH),
        "logistic": list(LOGISTIC),
        "labels": {name: starts[name].label for name in logs},
        "log10_norms": {name: [found / np.log(10) for found in each] for name, each in logs.items()},
        "reach": reach,
    }
