"""Claim 10: hit a reservoir with an impulse and it reverberates; only a readout of its echoes is learned.

Measured: the echo of an impulse against the spectral radius; Jaeger's memory capacity against radius and size (the sum
over delays k of the squared correlation between u_{t-k} and its best linear readout); the eigenvalues near the circle;
and a generator that draws a figure eight from its own fed-back output, after teacher forcing has taught it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from longlag.algebra.tree import Params
from longlag.cells.base import complete
from longlag.cells.reservoir import Reservoir
from longlag.inits.reservoirs import EchoState
from longlag.lecture.base import Finding, claim, conclude
from longlag.lecture.tools.nets import TANH, Net
from longlag.lecture.tools.numbers import over_seeds, theorem, values
from longlag.model import READOUT, Model, OutputFeedback
from longlag.optimisers.ridge import Ridge
from longlag.readouts import Linear
from longlag.rng import stream

RADII = (0.5, 0.7, 0.8, 0.9, 0.95, 1.0, 1.1)
SIZES = (25, 50, 100, 200)
PERIODS = 25  # that the generator draws on its own
_UNITS, _CAPACITY_UNITS, _CAPACITY_RADIUS = 100, 50, 0.95
_RINGS = float(np.exp(-1 / 10))  # |eigenvalue| of an oscillator that loses 1/e in ten steps
_QUIET = 0.1  # scale of the input weights while memory is measured: units nearly linear
_PERIOD, _WASHOUT = 40, 100  # steps
CLAIM = claim("echo", periods=PERIODS)
_LEFT = "activity at the end over that after the impulse, radius 1.1"
_ERROR, _CHANGED = "error of the figure eight, 25 periods on its own", "weights changed outside the readout"
_MEANS = {  # in plain words
    "fades": "the echo fades at the rate of the spectral radius",
    "stays": "the activity does not end at radius 1.1",
    "bounded": "the memory is at most as long as there are units",
    "longer": "the memory is longer at radius 0.95 than at 0.5",
    "larger": "the memory of 200 units is longer than that of 25",
    "draws": f"the figure eight stays on its course for {PERIODS} periods",
    "fixed": "every weight outside the readout stays as it was",
}
# of the generator: spectral radius, scales of the input and of the feedback; then with one of them ten times too large
CAREFUL = (0.9, 0.2, 1.0)
CARELESS = {"input": (0.9, 2.0, 1.0), "feedback": (0.9, 0.2, 10.0), "recurrent": (9.0, 0.2, 1.0)}


def reservoir(seed: int, units: int, radius: float, input_scale: float) -> Net:
    """Sparse, ten connections per unit, one input. Radii of one seed and size scale the same matrix."""
    shapes = {"W_hh": (units, units), "W_xh": (1, units), "b_h": (units,), "W_hy": (units, 1), "b_y": (1,)}
    drawn = EchoState(radius, (input_scale,), 0.0).draw(stream(seed, "lecture echo", units), shapes)
    return Net(TANH, drawn["W_hh"], drawn["W_xh"], np.zeros(units))


def states(net: Net, u: np.ndarray) -> np.ndarray:
    """States [T, N] for inputs u [T], from rest."""
    return net.run(u[:, None], np.zeros(len(net.b_h))).h[1:]


def echo(net: Net, steps: int, impulse: float = 1e-3) -> np.ndarray:
    """||h_t|| / ||h_1|| after one impulse into a silent net, [steps]."""
    u = np.zeros(steps)
    u[0] = impulse
    norms = np.linalg.norm(states(net, u), axis=1)
    return np.maximum(norms / norms[0], 1e-300)


def rate(norms: np.ndarray) -> float:
    """Factor per step over the second half, by least squares on the logarithm."""
    t = np.arange(len(norms) // 2, len(norms))
    return float(np.exp(np.polyfit(t, np.log(norms[t]), 1)[0]))


def length(norms: np.ndarray, left: float = 1e-3) -> int:
    """The last step at which more than `left` of the echo is there."""
    above = np.flatnonzero(norms > left)
    return int(above[-1]) + 1 if len(above) else 0


def capacity(net: Net, rng: np.random.Generator, steps: int, delays: int, penalty: float = 1e-9) -> np.ndarray:
    """Squared correlation of u_{t-k} with its ridge readout on fresh steps, k = 1 to `delays`; the sum is Jaeger's MC.

    Inputs are uniform in [-1/2, 1/2]; `steps` to fit on and as many to test on.
    """
    u = rng.uniform(-0.5, 0.5, size=2 * steps + delays)
    heard = states(net, u)[delays:]
    wanted = np.stack([u[delays - k : len(u) - k] for k in range(1, delays + 1)], 1)  # [2 steps, delays]
    fit, test = slice(0, steps), slice(steps, None)
    deviation = heard[fit].std(0)
    z = (heard - heard[fit].mean(0)) / deviation
    gram = z[fit].T @ z[fit] / steps + penalty * np.eye(z.shape[1])
    read = z[test] @ np.linalg.solve(gram, z[fit].T @ wanted[fit] / steps)
    read, true = read - read.mean(0), wanted[test] - wanted[test].mean(0)
    return (read * true).sum(0) ** 2 / ((read**2).sum(0) * (true**2).sum(0))


def memory(seed: int, units: int, radius: float, fitted: int) -> float:
    """Jaeger's MC of one reservoir, in steps."""
    net, rng = reservoir(seed, units, radius, _QUIET), stream(seed, "lecture capacity", units)
    return float(capacity(net, rng, fitted, 2 * units).sum())


def eight(steps: int) -> np.ndarray:
    """A figure eight within +-1/2, [steps, 2]."""
    phase = 2 * np.pi * np.arange(steps) / _PERIOD
    return 0.5 * np.stack([np.sin(phase), np.sin(2 * phase)], 1)


@dataclass(frozen=True)
class Recorded:
    """The oracle of Ridge on one teacher-forced run: features [1, n, F] and targets [1, n, O]."""

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


def generator(seed: int, scales: tuple[float, float, float] = CAREFUL, periods: int = PERIODS) -> Generator:
    """200 units, one constant input, two outputs fed back; 15 periods of teacher forcing, then `periods` of its own."""
    radius, input_scale, feedback_scale = scales
    taught, free = _WASHOUT + 15 * _PERIOD, periods * _PERIOD
    model = Model(complete(Reservoir(200)), 1, 2, taught, Linear(), OutputFeedback())
    init = EchoState(radius, (input_scale,), 0.0, feedback_scale=feedback_scale)
    drawn = init.draw(stream(seed, "lecture generator"), model.shapes())
    start = {name: torch.tensor(value[None], dtype=torch.float64) for name, value in drawn.items()}
    target = torch.tensor(eight(taught + free))
    x, teacher = torch.ones(1, taught, 1, 1, dtype=torch.float64), target[:taught].reshape(1, taught, 1, 2)
    forced = model.states(start, x, torch.zeros(1, 1, dtype=torch.int64), teacher)
    record = Recorded(forced[:, _WASHOUT:, 0], teacher[:, _WASHOUT:, 0])
    ridge = Ridge(penalties=(1e-10, 1e-8, 1e-6))
    params = ridge.step(lambda n, purpose="train": record, start, ridge.init(start)).params
    ran = free_run(model, params, forced[:, -1], free)
    wanted = target[taught:].numpy()
    error = float(np.sqrt(((ran - wanted) ** 2).mean() / wanted.var(0).mean()))
    changed = sum(int((params[name] != start[name]).sum()) for name in start if name not in READOUT)
    return Generator(ran, error, changed)


def free_run(model: Model, params: Params, h: Tensor, steps: int) -> np.ndarray:
    """Outputs [steps, O] of a net whose own outputs are fed back, from state h [1, 1, H]; the input is 1."""
    drive, outputs = model.cell.drive(params, torch.ones(1, 1, 1, 1, dtype=h.dtype))[:, 0], []
    for _ in range(steps):
        y = model.read(params, h.unsqueeze(1))[:, 0]
        (h,), _ = model.cell.step(params, (h,), drive + y @ params["W_yh"])
        outputs.append(model.read(params, h.unsqueeze(1))[0, 0, 0])
    return torch.stack(outputs).numpy()


@dataclass(frozen=True)
class Echoes:
    """What was measured: echoes [seed, radius, step], capacities [seed, radius] and [seed, size], eigenvalues by seed,
    generators by seed, and the errors of careless ones by what is too large."""

    echoes: np.ndarray
    by_radius: np.ndarray
    by_size: np.ndarray
    sizes: Sequence[int]
    spectra: Sequence[np.ndarray]
    generators: Sequence[Generator]
    careless: dict[str, list[float]]


def measure(seeds: Sequence[int], steps: int = 400, fitted: int = 2000, sizes: Sequence[int] = SIZES) -> Finding:
    """One reservoir of each kind per seed."""

    def memories(kinds: Sequence[tuple[int, float]]) -> np.ndarray:
        return np.array([[memory(seed, units, radius, fitted) for units, radius in kinds] for seed in seeds])

    found = Echoes(
        np.array([[echo(reservoir(seed, _UNITS, radius, 1.0), steps) for radius in RADII] for seed in seeds]),
        memories([(_CAPACITY_UNITS, radius) for radius in RADII[:-1]]),
        memories([(units, _CAPACITY_RADIUS) for units in sizes]),
        sizes,
        [np.linalg.eigvals(reservoir(seed, _UNITS, _CAPACITY_RADIUS, 1.0).W_hh) for seed in seeds],
        [generator(seed) for seed in seeds],
        {name: [generator(seed, scales).error for seed in seeds] for name, scales in CARELESS.items()},
    )
    return judge(found)


def judge(found: Echoes) -> Finding:
    """The verdict on what was measured."""
    stable = [i for i, radius in enumerate(RADII) if radius < 1]
    off = [max(abs(rate(run[i]) / RADII[i] - 1) for i in stable) for run in found.echoes]
    bound = np.fmax(found.by_radius.max(1) / _CAPACITY_UNITS, (found.by_size / np.array(found.sizes)).max(1))
    low, high = RADII.index(0.5), RADII.index(0.95)
    by_radius, by_size, made = found.by_radius, found.by_size, found.generators
    gained, grown = by_radius[:, high] / by_radius[:, low], by_size[:, -1] / by_size[:, 0]
    numbers = [
        over_seeds(
            "rate of the echo over the spectral radius, largest deviation", off, "", _MEANS["fades"], at_most=0.02
        ),
        over_seeds("echo to 1/1000 at radius 0.5", [length(run[low]) for run in found.echoes], "steps"),
        over_seeds("echo to 1/1000 at radius 0.95", [length(run[high]) for run in found.echoes], "steps"),
        over_seeds(_LEFT, found.echoes[:, -1, -1], "", _MEANS["stays"], at_least=1e-3),
        theorem(over_seeds("largest capacity, in units of N", bound, "", _MEANS["bounded"], at_most=1)),
        over_seeds("capacity at radius 0.95 over that at 0.5", gained, "", _MEANS["longer"], above=1),
        over_seeds("capacity of the largest net over the smallest's", grown, "", _MEANS["larger"], above=1),
        over_seeds("capacity of the largest net", by_size[:, -1], "steps"),
        over_seeds("eigenvalues that ring for 10 steps and more", [(np.abs(s) >= _RINGS).sum() for s in found.spectra]),
        over_seeds(_ERROR, [one.error for one in made], "", _MEANS["draws"], at_most=0.1),
        theorem(over_seeds(_CHANGED, [one.changed for one in made], "", _MEANS["fixed"], at_most=0)),
        *(over_seeds(f"error with {name} weights ten times as large", e) for name, e in found.careless.items()),
    ]
    told: dict[str, Any] = values(numbers, short=1, long=2, gain=5, most=7, error=9)
    series = {"seeds": len(made), "error": told["error"], **_series(found)}
    return conclude(CLAIM, numbers, series, units=found.sizes[-1], periods=PERIODS, **told)


def _series(found: Echoes) -> dict[str, Any]:
    return {
        "radii": RADII,
        "echoes": np.round(np.log10(found.echoes), 3),
        "capacity_units": _CAPACITY_UNITS,
        "capacity_by_radius": found.by_radius,
        "sizes": found.sizes,
        "capacity_by_size": found.by_size,
        "eigenvalues": {"real": found.spectra[0].real, "imaginary": found.spectra[0].imag},
        "eigenvalues_radius": _CAPACITY_RADIUS,
        "rings": _RINGS,
        "drawn": np.round(found.generators[0].drawn, 4),
        "wanted": eight(_PERIOD + 1),
        "careless": found.careless,
    }
