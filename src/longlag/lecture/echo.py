"""Claim 10: hit a reservoir with an impulse and it reverberates; only a readout of its echoes is learned.

Measured: the echo of an impulse against the spectral radius, Jaeger's memory capacity against radius and size (the sum
over delays k of the squared correlation between u_{t-k} and its best linear readout), the eigenvalues near the circle,
and a generator that draws a figure eight from its own fed-back output after it was taught by teacher forcing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from longlag.algebra.tree import Params
from longlag.cells.reservoir import Reservoir
from longlag.inits.reservoirs import EchoState
from longlag.lecture.base import Claim, Exercise, Finding, over_seeds, verdict
from longlag.model import READOUT, Linear, Model, OutputFeedback
from longlag.optimisers.ridge import Ridge
from longlag.rng import stream

RADII = (0.5, 0.7, 0.8, 0.9, 0.95, 1.0, 1.1)
SIZES = (25, 50, 100, 200)
_UNITS, _CAPACITY_UNITS, _CAPACITY_RADIUS = 100, 50, 0.95
_RINGS = float(np.exp(-1 / 10))  # |eigenvalue| of an oscillator that loses 1/e in ten steps
_QUIET = 0.1  # scale of the input weights while memory is measured: units nearly linear
_PERIOD, _WASHOUT = 40, 100  # steps

CLAIM = Claim(
    number=10,
    slug="echo",
    title="Echo state networks: an impulse reverberates",
    sentence="A big random net of weakly coupled oscillators reverberates when it is hit: its echoes hold the past, "
    "and only a readout of them has to be learned.",
    quantity="rate per step of an impulse's echo, memory capacity in steps, and the error of a figure eight that runs "
    "freely for 25 periods, normalised by the target's standard deviation",
    threshold="An echo falls like spectral radius^t (Gelfand's formula, in the linear range of the units): rates over "
    "200 steps within 2 % of the radius, below 1. Above 1 the state at rest is unstable and the echo never ends "
    "(Jaeger 2001, proposition 3). Memory capacity is at most the number of units N (Jaeger 2002, proposition 2), and "
    "must be larger at radius 0.95 than at 0.5 and with 200 units than with 25. The generator's error is at most 0.1, "
    "1 % of the variance, the suite's criterion; no weight but the readout's changes, to the bit.",
    exercise=Exercise(
        predict="The spectral radius goes from 0.9 to 0.95. What happens to the length of the echo, and what to the "
        "number of past inputs that can be read out?",
        run="longlag lecture --claim echo --out results/lecture",
        explain="Why does the memory stay below the number of units although the echo does not end at radius 1? Set "
        "one of the generator's three scales ten times too large: which one does it forgive?",
    ),
)


@dataclass(frozen=True)
class Net:
    """h <- tanh(h W + u w): W [N, N], w [N]."""

    w: np.ndarray
    w_in: np.ndarray

    def states(self, u: np.ndarray, h: np.ndarray | None = None) -> np.ndarray:
        """States [T, N] for inputs u [T]."""
        h, found = np.zeros(len(self.w)) if h is None else h, np.empty((len(u), len(self.w)))
        for t, value in enumerate(u):
            h = found[t] = np.tanh(h @ self.w + value * self.w_in)
        return found


def reservoir(seed: int, units: int, radius: float, input_scale: float) -> Net:
    """Sparse, ten connections per unit; radii of one seed and size scale the same matrix."""
    shapes = {"W_hh": (units, units), "W_xh": (1, units), "b_h": (units,), "W_hy": (units, 1), "b_y": (1,)}
    drawn = EchoState(radius, (input_scale,), 0.0).draw(stream(seed, "lecture echo", units), shapes)
    return Net(drawn["W_hh"], drawn["W_xh"][0])


def echo(net: Net, steps: int, impulse: float = 1e-3) -> np.ndarray:
    """||h_t|| / ||h_1|| after one impulse into a silent net, [steps]."""
    u = np.zeros(steps)
    u[0] = impulse
    norms = np.linalg.norm(net.states(u), axis=1)
    return np.maximum(norms / norms[0], 1e-300)


def rate(norms: np.ndarray) -> float:
    """Factor per step over the second half, by least squares on the logarithm."""
    t = np.arange(len(norms) // 2, len(norms))
    return float(np.exp(np.polyfit(t, np.log(norms[t]), 1)[0]))


def length(norms: np.ndarray, left: float = 1e-3) -> int:
    """Steps until no more than `left` of the echo is there for good; all of them if there always is more."""
    above = np.flatnonzero(norms > left)
    return int(above[-1]) + 1 if len(above) else 0


def capacity(net: Net, rng: np.random.Generator, steps: int, delays: int, penalty: float = 1e-9) -> np.ndarray:
    """Squared correlation of u_{t-k} with its ridge readout on fresh steps, k = 1 to `delays`; the sum is Jaeger's MC.

    Inputs are uniform in [-1/2, 1/2]; `steps` to fit on and as many to test on.
    """
    u = rng.uniform(-0.5, 0.5, size=2 * steps + delays)
    states = net.states(u)[delays:]
    wanted = np.stack([u[delays - k : len(u) - k] for k in range(1, delays + 1)], 1)  # [2 steps, delays]
    fit, test = slice(0, steps), slice(steps, None)
    deviation = states[fit].std(0)
    z = (states - states[fit].mean(0)) / deviation
    gram = z[fit].T @ z[fit] / steps + penalty * np.eye(z.shape[1])
    read = z[test] @ np.linalg.solve(gram, z[fit].T @ wanted[fit] / steps)
    read, true = read - read.mean(0), wanted[test] - wanted[test].mean(0)
    return (read * true).sum(0) ** 2 / ((read**2).sum(0) * (true**2).sum(0))


def eight(steps: int) -> np.ndarray:
    """A figure eight within +-1/2, [steps, 2]."""
    phase = 2 * np.pi * np.arange(steps) / _PERIOD
    return 0.5 * np.stack([np.sin(phase), np.sin(2 * phase)], 1)


@dataclass(frozen=True)
class Recorded:
    """What Ridge asks an oracle: features [1, n, F] and targets [1, n, O] of one teacher-forced run."""

    phi: Tensor
    y: Tensor

    def __len__(self) -> int:
        return 1

    def features(self, params: Params) -> tuple[Tensor, Tensor]:
        return self.phi, self.y

    def charge_flops(self, flops: float) -> None:
        """Nobody counts here."""


@dataclass(frozen=True)
class Generator:
    """A taught generator: the free run [steps, 2], its error, and how many weights outside the readout changed."""

    drawn: np.ndarray
    error: float
    changed: int


def generator(
    seed: int, radius: float = 0.9, input_scale: float = 0.2, feedback_scale: float = 1.0, periods: int = 25
) -> Generator:
    """200 units, one constant input, two outputs fed back; 15 periods of teacher forcing, then `periods` of its own."""
    taught, free = _WASHOUT + 15 * _PERIOD, periods * _PERIOD
    model = Model(Reservoir(200), 1, 2, taught, Linear(), OutputFeedback())
    init = EchoState(radius, (input_scale,), 0.0, feedback_scale=feedback_scale)
    drawn = init.draw(stream(seed, "lecture generator"), model.shapes())
    start = {name: torch.tensor(value[None], dtype=torch.float64) for name, value in drawn.items()}
    target = torch.tensor(eight(taught + free))
    x, teacher = torch.ones(1, taught, 1, 1, dtype=torch.float64), target[:taught].reshape(1, taught, 1, 2)
    states = model.states(start, x, torch.zeros(1, 1, dtype=torch.int64), teacher)
    record = Recorded(states[:, _WASHOUT:, 0], teacher[:, _WASHOUT:, 0])
    ridge = Ridge(penalties=(1e-10, 1e-8, 1e-6))
    params = ridge.step(lambda n, purpose="train": record, start, ridge.init(start)).params
    ran = free_run(model, params, states[:, -1], free)
    wanted = target[taught:].numpy()
    error = float(np.sqrt(((ran - wanted) ** 2).mean() / wanted.var(0).mean()))
    changed = sum(int((params[name] != start[name]).sum()) for name in start if name not in READOUT)
    return Generator(ran, error, changed)


def free_run(model: Model, params: Params, h: Tensor, steps: int) -> np.ndarray:
    """Outputs [steps, O] of a net that hears its own outputs from state h [1, 1, H] on; the input is 1."""
    drive, outputs = model.cell.drive(params, torch.ones(1, 1, 1, 1, dtype=h.dtype))[:, 0], []
    for _ in range(steps):
        y = model.read(params, h.unsqueeze(1))[:, 0]
        (h,), _ = model.cell.step(params, (h,), drive + y @ params["W_yh"])
        outputs.append(model.read(params, h.unsqueeze(1))[0, 0, 0])
    return torch.stack(outputs).numpy()


def measure(seeds: Sequence[int], steps: int = 400, fitted: int = 2000, sizes: Sequence[int] = SIZES) -> Finding:
    """One reservoir of each kind per seed."""
    echoes = np.array([[echo(reservoir(seed, _UNITS, radius, 1.0), steps) for radius in RADII] for seed in seeds])
    by_radius = np.array(
        [[_capacity(seed, _CAPACITY_UNITS, radius, fitted) for radius in RADII[:-1]] for seed in seeds]
    )
    by_size = np.array([[_capacity(seed, units, _CAPACITY_RADIUS, fitted) for units in sizes] for seed in seeds])
    spectra = [np.linalg.eigvals(reservoir(seed, _UNITS, _CAPACITY_RADIUS, 1.0).w) for seed in seeds]
    made = [generator(seed) for seed in seeds]
    careless = {
        "input": [generator(seed, input_scale=2.0).error for seed in seeds],
        "feedback": [generator(seed, feedback_scale=10.0).error for seed in seeds],
        "recurrent": [generator(seed, radius=9.0).error for seed in seeds],
    }
    series = {
        "seeds": len(seeds),
        "radii": list(RADII),
        "echoes": np.round(np.log10(echoes), 3),
        "capacity_units": _CAPACITY_UNITS,
        "capacity_by_radius": by_radius,
        "sizes": list(sizes),
        "input_scale": _QUIET,
        "capacity_by_size": by_size,
        "eigenvalues": {"real": spectra[0].real, "imaginary": spectra[0].imag},
        "eigenvalues_radius": _CAPACITY_RADIUS,
        "rings": _RINGS,
        "drawn": np.round(made[0].drawn, 4),
        "wanted": eight(_PERIOD + 1),
        "careless": careless,
    }
    return found(echoes, by_radius, by_size, spectra, made, careless, series)


def found(
    echoes: np.ndarray,
    by_radius: np.ndarray,
    by_size: np.ndarray,
    spectra: Sequence[np.ndarray],
    made: Sequence[Generator],
    careless: dict[str, list[float]],
    series: dict[str, Any],
) -> Finding:
    """The verdict: echoes [seed, radius, step], capacities [seed, radius] and [seed, size], and the generators."""
    stable = [i for i, radius in enumerate(RADII) if radius < 1]
    off = [max(abs(rate(run[i]) / RADII[i] - 1) for i in stable) for run in echoes]
    bound = max(by_radius.max() / _CAPACITY_UNITS, (by_size / np.array(series["sizes"])).max())
    low, high = RADII.index(0.5), RADII.index(0.95)
    numbers = [
        over_seeds("rate of the echo over the spectral radius, largest deviation", off, at_most=0.02),
        over_seeds("echo to 1/1000 at radius 0.5", [length(run[low]) for run in echoes], "steps"),
        over_seeds("echo to 1/1000 at radius 0.95", [length(run[high]) for run in echoes], "steps"),
        over_seeds("what is left of the echo at the end, radius 1.1", echoes[:, -1, -1], at_least=1e-3),
        over_seeds("largest capacity, in units of N", [float(bound)], at_most=1),
        over_seeds("capacity at radius 0.95 over that at 0.5", by_radius[:, high] / by_radius[:, low], above=1),
        over_seeds("capacity of the largest net over the smallest's", by_size[:, -1] / by_size[:, 0], above=1),
        over_seeds("capacity of the largest net", by_size[:, -1], "steps"),
        over_seeds("eigenvalues that ring for 10 steps and more", [(np.abs(s) >= _RINGS).sum() for s in spectra]),
        over_seeds("error of the figure eight, 25 periods on its own", [one.error for one in made], at_most=0.1),
        over_seeds("weights changed outside the readout", [one.changed for one in made], at_most=0),
        *(over_seeds(f"error with {name} weights ten times as large", errors) for name, errors in careless.items()),
    ]
    short, long, gain, most, error = (numbers[i].value for i in (1, 2, 5, 7, 9))
    summary = (
        f"An echo fades to 1/1000 within {short:.0f} steps at spectral radius 0.5 and {long:.0f} at 0.95, and never at "
        f"1.1; memory capacity grows {gain:.1f}-fold between the two radii, to {most:.0f} steps with "
        f"{series['sizes'][-1]} units. A figure eight runs freely for 25 periods with an error of {error:.1g}; only "
        "the readout was learned."
    )
    return Finding(verdict(numbers), summary, numbers, "", series)


def _capacity(seed: int, units: int, radius: float, fitted: int) -> float:
    net, rng = reservoir(seed, units, radius, _QUIET), stream(seed, "lecture capacity", units)
    return float(capacity(net, rng, fitted, 2 * units).sum())
