"""Golden numbers of single parts on tiny fixed inputs: what a run of a few updates does not reach, or not alone.

Schedules late in training, clipping where it binds and where it does not, damping both ways, why conjugate gradients
stop, backtracking and line search, the bias corrections of Adam, the penalty that ridge regression chooses, every
initialisation, cell, readout and loss, the products of curvature, and the generators of all tasks.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from unittest import mock

import numpy as np
import torch
from torch import Tensor

import references
from golden_numbers import Number, fixed, unit
from longlag import protocol, registry
from longlag.algebra import tree
from longlag.cells import batched, gated, gated_batched, lstm_batched, lstm_kernels, relu_batched, tanh_batched
from longlag.cells.average_net import AverageNet
from longlag.cells.base import PerSequence, autograd_tape, complete, gradient_tape
from longlag.cells.gru import GRU
from longlag.cells.linear_scan import by_steps, by_sweeps
from longlag.cells.lru import LRU
from longlag.cells.lstm import LSTM
from longlag.cells.lstm_1997 import LSTM1997
from longlag.cells.mingru import MinGRU
from longlag.cells.of_module import of_module
from longlag.cells.relu_rnn import ReluRNN
from longlag.cells.reservoir import Reservoir
from longlag.cells.tanh_rnn import TanhRNN
from longlag.cells.time_average import TimeAverage
from longlag.functional import FunctionObjective
from longlag.inits.closed_gates import ClosedGates
from longlag.inits.gates import Chrono, ForgetBias, TimeConstant, UpdateChrono
from longlag.inits.gaussian import Gaussian
from longlag.inits.isometric import Identity, Orthogonal
from longlag.inits.linear import Ring, UpdateRate
from longlag.inits.reservoirs import DelayLine, EchoState, InputOnly
from longlag.inits.sparse import SparseSpectral
from longlag.inits.uniform import Uniform
from longlag.losses import CrossEntropy, LogisticError, OneHotError, SquaredError
from longlag.model import Model, NoFeedback, OutputFeedback
from longlag.objective import Meter, Objective, Tensors
from longlag.optimisers import SGD, Adam, HessianFree, Momentum, Nesterov, Ridge
from longlag.optimisers.cg import ConjugateGradient
from longlag.optimisers.clipping import ClipNorm, NoClipping
from longlag.optimisers.damping import LevenbergMarquardt
from longlag.optimisers.guessing import Guessing
from longlag.optimisers.omega import Omega, Regularised
from longlag.optimisers.schedules import Constant, WarmMomentum
from longlag.readouts import Float64, Linear, NoFeatures, Quadratic
from longlag.rng import stream

Values = dict[str, Any]
UNITS: dict[str, Callable[[], Values]] = {}
COVERED: dict[type, str] = {}  # part -> the unit that it has numbers in


def numbers(name: str) -> dict[str, Number]:
    """The numbers of a unit."""
    with torch.no_grad():
        return {key: unit(value) for key, value in UNITS[name]().items()}


def golden(*parts: type) -> Callable[[Callable[[], Values]], Callable[[], Values]]:
    """Enters a function as the unit of its name, which covers those parts."""

    def enter(function: Callable[[], Values]) -> Callable[[], Values]:
        UNITS[function.__name__] = function
        COVERED.update(dict.fromkeys(parts, function.__name__))
        return function

    return enter


def tensor(*shape: int, scale: float = 1.0) -> Tensor:
    return torch.from_numpy(scale * fixed(*shape))


@golden(Constant, WarmMomentum)
def schedules() -> Values:
    at = (0, 1, 249, 250, 999, 1000, 12_345, 10**7)
    parts = {
        "constant": Constant(0.3),
        "warm": WarmMomentum(0.995),
        "cold": WarmMomentum(0.5),
    }
    return {name: [part(t) for t in at] for name, part in parts.items()}


@golden(ClipNorm, NoClipping)
def clipping() -> Values:
    gradient = {"a": tensor(3, 5, scale=2.0), "b": tensor(3, 2)}
    gradient = tree.scale(torch.tensor([4.0, 0.1, 0.0], dtype=torch.float64), gradient)  # bound, left, vanished
    clipped, same = ClipNorm(1.5)(gradient), NoClipping()(gradient)
    return {"norm": tree.norm(gradient), "a": clipped["a"], "b": clipped["b"], "none": same["a"]}


@golden(LevenbergMarquardt)
def damping() -> Values:
    rule = LevenbergMarquardt(start=0.2, factor=1.7)
    ratios = (-1.0, 0.0, 0.2499, 0.25, 0.5, 0.75, 0.7501, 2.0, math.nan, math.inf)
    return {"start": rule.start, "next": [rule.update(3.0, rho) for rho in ratios]}


@dataclass
class Tiny:
    """(p - t)' A (p - t) / 2 + sum p^4 / 4 in six dimensions, with another t for every batch, purpose and size."""

    target: Tensor
    power: float = 1.0

    def value(self, params: tree.Params) -> Tensor:
        d, p = params["p"] - self.target, params["p"]
        return 0.5 * (d * self.curved(d)).sum(1) + self.power * p.pow(4).sum(1) / 4

    def value_and_grad(self, params: tree.Params) -> tuple[Tensor, dict[str, Tensor]]:
        p = params["p"]
        return self.value(params), {"p": self.curved(p - self.target) + self.power * p.pow(3)}

    def gauss_newton(self, params: tree.Params, structural: float = 0.0) -> Any:
        return lambda v: {"p": self.curved(v["p"]) + structural * v["p"] * torch.arange(6.0, dtype=torch.float64)}

    def curved(self, v: Tensor) -> Tensor:
        a, b = torch.arange(1.0, 7.0, dtype=torch.float64), tensor(6)
        return a * v + (v * b).sum(1, keepdim=True) * b

    def head(self, n: int) -> Tiny:
        return replace(self, target=self.target + 0.001 * n)

    def __len__(self) -> int:
        return 10


def draws(power: float = 1.0, spread: float = 0.1) -> Callable[..., Tiny]:
    """Batches that differ by number and purpose."""
    count = iter(range(1000))

    def draw(n: int, purpose: str = "train") -> Tiny:
        return Tiny(tensor(6, scale=2.0) + spread * math.sqrt(2 + next(count)) + 0.01 * len(purpose) + 0.001 * n, power)

    return draw


def follow(optimiser: Any, steps: int, draw: Callable[..., Any], params: tree.Params) -> Iterator[tuple[str, Any]]:
    """Parameters, loss and info of each step."""
    state = optimiser.init(params)
    for k in range(1, steps + 1):
        step = optimiser.step(draw, params, state)
        params, state = step.params, step.state
        yield from ((f"step {k} {name}", value) for name, value in params.items())
        yield f"step {k} loss", step.loss
        yield from ((f"step {k} {name}", value) for name, value in step.info.items())


def two() -> dict[str, Tensor]:
    """Two replicas, the gradient of one of which is clipped."""
    return {"p": torch.cat([tensor(1, 6, scale=8.0), tensor(1, 6)])}


@golden(SGD)
def sgd() -> Values:
    return dict(follow(SGD(0.03, ClipNorm(4.0)), 3, draws(), two()))


@golden(Nesterov)
def nesterov() -> Values:
    return dict(
        follow(Nesterov(WarmMomentum(0.01, 0.05, 2), WarmMomentum(0.9, 0.5, 2), ClipNorm(4.0)), 5, draws(), two())
    )


@golden(Momentum)
def momentum() -> Values:
    return dict(
        follow(Momentum(WarmMomentum(0.01, 0.05, 2), WarmMomentum(0.9, 0.5, 2), ClipNorm(4.0)), 5, draws(), two())
    )


@golden(Adam)
def adam() -> Values:
    return dict(follow(Adam(0.02, beta_1=0.8, beta_2=0.9, epsilon=1e-3, clipping=ClipNorm(4.0)), 4, draws(), two()))


@golden(HessianFree)
def hessian_free() -> Values:
    """Enough steps that damping rises and falls, backtracking goes back and the line search shortens a step.

    Five iterations for six dimensions: the residual stays far above rounding. A single one leaves the model above zero.
    """
    cg = ConjugateGradient(most_iterations=5)
    optimiser = HessianFree(20, 10, damping=LevenbergMarquardt(start=0.5), cg=cg)
    rough = HessianFree(20, 10, weight_decay=0.01, damping=LevenbergMarquardt(start=1e-3, factor=2.0), cg=cg)
    one = {"p": tensor(1, 6, scale=4.0)}
    smooth = {f"smooth {k}": v for k, v in follow(optimiser, 4, draws(), one)}
    short = HessianFree(20, 10, damping=LevenbergMarquardt(start=1e-3), cg=ConjugateGradient(most_iterations=1))
    out = smooth | {f"rough {k}": v for k, v in follow(rough, 6, draws(power=5.0, spread=0.3), one)}
    return out | {f"short {k}": v for k, v in follow(short, 6, draws(power=5.0, spread=0.3), one)}


@golden(Omega, Regularised)
def omega() -> Values:
    """The term itself, errors that have vanished among its steps; and first updates with it."""
    params = {"W_hh": tensor(1, 4, 4, scale=1.5)}
    states, errors = (
        tensor(1, 6, 3, 4, scale=1.6),
        tensor(1, 6, 3, 4) * torch.tensor([0, 0, 1, 0, 0, 1]).view(1, 6, 1, 1),
    )
    errors[:, :, 2] = 0
    term = Omega(0.7).gradient(params, states, errors, torch.tensor([[0, 3, 1]]))["W_hh"]
    model, meter, count = Model(TanhRNN(4), 2, 3, 1), Meter.zero(1), iter(range(1000))
    y, start = torch.arange(130).reshape(1, 1, 130) * 5 % 7 % 3, (torch.arange(130) % 3).reshape(1, 130)

    def draw(n: int, purpose: str = "train") -> Objective:
        x = tensor(1, 6, 130, 2, scale=1.0 + 0.1 * next(count))
        return Objective(model, CrossEntropy(3), Tensors(x, start, y), meter)

    params = {key: tensor(1, *shape, scale=1.2) for key, shape in model.shapes().items()}
    followed = dict(follow(Regularised(SGD(0.1, ClipNorm(0.5)), Omega(2.0)), 3, draw, params))
    return {"term": term, **followed, "passes": meter.passes, "flops": meter.flops}


@golden(ConjugateGradient)
def conjugate_gradients() -> Values:
    """Stopped by slow progress, by the limit, and by a direction without curvature."""
    diagonal = torch.linspace(1, 60, 40, dtype=torch.float64)
    b, start = {"p": tensor(1, 40)}, {"p": tensor(1, 40, scale=0.01)}
    out: Values = {}
    for name, solver, a in (
        ("progress", ConjugateGradient(most_iterations=100, tolerance=5e-3), diagonal),
        ("limit", ConjugateGradient(most_iterations=8, growth=1.5), diagonal),
        ("breakdown", ConjugateGradient(), -diagonal),
    ):
        solution = solver(lambda v, a=a: {"p": a * v["p"]}, b, start)
        out |= {f"{name} reason": solution.reason, f"{name} kept": [i.iteration for i in solution.iterates]}
        out |= {f"{name} x": solution.iterates[-1].x["p"], f"{name} values": [i.value for i in solution.iterates]}
    return out


@golden(Guessing)
def guessing() -> Values:
    params = {"p": tensor(1, 6)}
    guesses = stream(Guessing(Uniform(1.0)).init(params).key, "guess", 0).integers(2**62)
    return {"stream": int(guesses), **dict(follow(Guessing(Uniform(1.0), batch=5), 6, draws(), params))}


@dataclass
class Features:
    """Sequences with known features: what Ridge may ask."""

    phi: Tensor
    y: Tensor
    meter: Meter

    def features(self, params: tree.Params) -> tuple[Tensor, Tensor]:
        return self.phi, self.y

    def charge_flops(self, flops: float) -> None:
        self.meter.flops += flops

    def __len__(self) -> int:
        return self.phi.shape[1]


@golden(Ridge)
def ridge() -> Values:
    """Noisy targets, so that a large penalty is best of two sets of sequences and a small one of a third."""
    params = {"W_hy": torch.zeros(1, 5, 2, dtype=torch.float64), "b_y": torch.zeros(1, 2, dtype=torch.float64)}
    meter, count = Meter.zero(1), iter(range(1000))

    def draw(n: int, purpose: str = "train") -> Features:
        rng = stream(next(count), "ridge", purpose)
        phi = torch.from_numpy(rng.random((1, n, 5)) * [1, 3, 0.3, 2, 1] + 0.5)
        y = phi @ tensor(5, 2, scale=0.2) + 0.4 * torch.from_numpy(rng.random((1, n, 2))) + 1
        return Features(phi, y, meter)

    optimiser = Ridge(sequences=8, most_sequences=24, validation=40, penalties=(1e-3, 0.1, 0.5, 2.0, 10.0))
    return {**dict(follow(optimiser, 3, draw, params)), "flops": meter.flops}


SHAPES = {"W_xh": (2, 12), "W_hh": (12, 12), "b_h": (12,), "W_hy": (12, 2), "b_y": (2,)}
GATES = SHAPES | {"W_xh": (2, 48), "W_hh": (12, 48), "b_h": (48,)}


def drawn(init: Any, shapes: dict[str, tuple[int, ...]] = SHAPES) -> Values:
    """A fifth of the numbers of each array, which sees where they stand."""
    arrays = init.draw(stream(3, "golden"), shapes)
    return {name: array.reshape(-1)[:: 5 if array.size > 20 else 1] for name, array in arrays.items()}


@golden(Gaussian)
def gaussian() -> Values:
    return drawn(Gaussian(1.2, 0.7, 0.4))


@golden(Uniform)
def uniform() -> Values:
    return drawn(Uniform(3.0))


@golden(SparseSpectral)
def sparse_spectral() -> Values:
    return drawn(SparseSpectral(1.3, connections=4, input_scale=0.2, output_scale=0.3))


@golden(ForgetBias)
def forget_bias() -> Values:
    return drawn(ForgetBias(1.5), GATES)


@golden(TimeConstant)
def time_constant() -> Values:
    return drawn(TimeConstant(50.0, times=2.0), GATES)


@golden(Chrono)
def chrono() -> Values:
    return drawn(Chrono(20.0, times=2.0), GATES)


@golden(UpdateChrono)
def update_chrono() -> Values:
    return drawn(UpdateChrono(20.0, times=2.0), SHAPES | {"W_xh": (2, 36), "W_hh": (12, 36), "b_h": (36,)})


@golden(Identity)
def identity() -> Values:
    return drawn(Identity(20, 0.5, input_scale=0.3, output_scale=0.2))


@golden(Orthogonal)
def orthogonal() -> Values:
    return drawn(Orthogonal(20, 3.0, input_gain=0.3, output_gain=0.2))


@golden(ClosedGates)
def closed_gates() -> Values:
    shapes = dict(LSTM1997(12, 3).shapes(2)) | {"W_hy": (12, 2), "b_y": (2,)}
    return drawn(ClosedGates(0.2, closed=1.5), shapes)


@golden(Ring)
def ring() -> Values:
    return drawn(
        Ring(20, 0.5, shortest=0.2, turns=3.0), dict(LRU(6, modes=4).shapes(2)) | {"W_hy": (6, 2), "b_y": (2,)}
    )


@golden(UpdateRate)
def update_rate() -> Values:
    return drawn(UpdateRate(20, 0.5), dict(MinGRU(6).shapes(2)) | {"W_hy": (6, 2), "b_y": (2,)})


@golden(EchoState)
def echo_state() -> Values:
    return drawn(EchoState(0.8, (0.3, 2.0), 0.6, connections=3, feedback_scale=0.4), SHAPES | {"W_yh": (2, 12)})


@golden(DelayLine)
def delay_line() -> Values:
    return drawn(DelayLine((0.3, 2.0), 0.9, feedback_scale=0.4), SHAPES | {"W_yh": (2, 12)})


@golden(InputOnly)
def input_only() -> Values:
    shapes = {name: shape for name, shape in SHAPES.items() if name != "W_hh"}
    return drawn(InputOnly(0.7, 1.3), shapes)


def taped(cell: Any, make: Callable[..., Any] | None = None, second_order: bool = True) -> Values:
    """A cell's fast path, and its definition differentiated automatically: states, both Jacobians, operations."""
    cell = complete(cell)
    params = {name: tensor(2, *shape, scale=1.5) for name, shape in cell.shapes(2).items()}
    start = torch.tensor([[0, 2, 1], [3, 0, 0]])
    x = tensor(2, 7, 3, 2, scale=2.0) * (torch.arange(7)[:, None] >= start.unsqueeze(1)).unsqueeze(-1)
    tangent, out = {name: p.flip(-1).cos() for name, p in params.items()}, {}
    fast = (make or cell.tape)(params, x, start, 2)
    for name, tape in (("fast", fast), ("generic", autograd_tape(cell, params, x, start, 2))):
        d_states, d_damped = tensor(*tape.states.shape), tensor(2, 7, 3, cell.hidden, scale=0.5)
        parts = {"states": tape.states, **{f"d {k}": v for k, v in tape.pullback(d_states).items()}}
        if second_order:
            r_states, r_damped = tape.pushforward(tangent)
            parts |= {"tangent": r_states, "damped states": r_damped.sum(1)}
            parts |= {f"d {k} damped": v for k, v in tape.pullback(d_states, d_damped).items()}
        if isinstance(tape, PerSequence):
            parts |= {f"d {k} each": v[0] for k, v in tape.per_sequence_vjp(d_states[None]).items()}
        out |= {f"{name} {key}": value for key, value in parts.items()}
    return out | {"run states": cell.states(params, x, start, 2), "flops": cell.flops(params)}


@golden(TanhRNN)
def tanh_rnn() -> Values:
    return taped(TanhRNN(3))


@golden()
def tanh_on_a_gpu() -> Values:
    return taped(TanhRNN(3), tanh_batched.linearise)


def batched_run(kind: type[batched.Run], cell: Any) -> Callable[..., Any]:
    def tape(*problem: Any) -> Any:
        run = kind.of(*problem)
        return gradient_tape(cell, *problem[:-1], run.states, run.backward)

    return tape


@golden()
def lstm_on_a_gpu() -> Values:
    return taped(LSTM(3), batched_run(gated_batched.LSTMRun, LSTM(3)), second_order=False)


@golden()
def lstm_by_torchs_cell_on_a_gpu() -> Values:
    kernels = lstm_batched.Kernels(references.lstm_cell, references.lstm_cell_backward)
    with mock.patch.object(lstm_batched, "_kernels", return_value=kernels):
        return taped(LSTM(3), batched_run(lstm_batched.CellRun, LSTM(3)), second_order=False)


@golden()
def gru_on_a_gpu() -> Values:
    return taped(GRU(3), batched_run(gated_batched.GRURun, GRU(3)), second_order=False)


@golden()
def relu_on_a_gpu() -> Values:
    return taped(ReluRNN(3), batched_run(relu_batched.ReluRun, ReluRNN(3)), second_order=False)


@golden(LSTM)
def lstm() -> Values:
    """torch's kernels, which small sizes get."""
    return taped(LSTM(3))


@golden()
def lstm_by_its_own_kernels() -> Values:
    def tape(*problem: Any) -> Any:
        runs = gated.GatedRuns(lstm_kernels, *problem)
        return gradient_tape(LSTM(3), *problem[:-1], runs.states, runs.backward)

    return taped(LSTM(3), tape)


@golden(GRU)
def gru() -> Values:
    return taped(GRU(3))


@golden(ReluRNN)
def relu_rnn() -> Values:
    return taped(ReluRNN(3))


@golden(LRU)
def lru() -> Values:
    return taped(LRU(3, modes=4))


@golden(LSTM1997)
def lstm_of_1997() -> Values:
    return taped(LSTM1997(3, 2))


@golden(MinGRU)
def mingru() -> Values:
    return taped(MinGRU(3))


@golden()
def linear_scans() -> Values:
    """Both ways of computing one, in both directions, real and complex."""
    a, b, out = tensor(1, 7, 2, 3, scale=3.0), tensor(1, 7, 2, 3), {}
    for name, values in (("real", (a, b)), ("complex", (torch.complex(a, b), torch.complex(b, a)))):
        for way in (by_steps, by_sweeps):
            for reverse in (False, True):
                h = torch.view_as_real(way(*values, reverse) * torch.ones((), dtype=torch.complex128))
                out[f"{name} {way.__name__} {reverse}"] = h
    return out


@dataclass(frozen=True)
class TorchGRU:
    """A module of torch as a cell."""

    hidden: int = 3
    shapes, drive, step = of_module(lambda cell, n_inputs: torch.nn.GRUCell(n_inputs, cell.hidden))


@golden()
def cell_of_a_module() -> Values:
    return taped(TorchGRU())


@golden()
def sparse_reservoir() -> Values:
    """The products of sparse matrices: in float64, and whether float32 gives the same to its rounding."""
    out: Values = {}
    start, x = torch.tensor([[0, 2, 0]]), tensor(1, 7, 3, 2, scale=2.0)
    for leak in (1.0, 0.3):
        cell = complete(Reservoir(20, leak))
        params = {name: tensor(1, *shape, scale=1.5) for name, shape in cell.shapes(2).items()}
        params["W_hh"] *= (torch.arange(20) + torch.arange(20).unsqueeze(1)) % 7 == 0
        exact = cell.states(params, x, start, 2)
        single = cell.states({name: p.float() for name, p in params.items()}, x.float(), start, 2)
        out |= {f"leak {leak}": exact, f"leak {leak}, float32": bool((single - exact).abs().max() < 1e-5)}
    return out


@golden(Reservoir)
def reservoir() -> Values:
    return taped(Reservoir(3, leak=0.3)) | {
        f"leak 1 {k}": v for k, v in taped(Reservoir(3), second_order=False).items()
    }


@golden(AverageNet)
def average_net() -> Values:
    return taped(AverageNet(3))


@golden(TimeAverage)
def time_average() -> Values:
    return taped(TimeAverage(3), second_order=False)


@golden(Linear, Quadratic, NoFeatures, Float64)
def readouts() -> Values:
    h, out = tensor(1, 2, 3, 4, scale=2.0).float(), {}
    for name, readout in (
        ("linear", Linear()),
        ("quadratic", Quadratic()),
        ("none", NoFeatures()),
        ("double", Float64(Quadratic())),
    ):
        given = h if name == "double" else h.double()
        features = readout.features(given)
        d = tensor(*features.shape)
        parts = {"features": features, "forward": readout.pushforward(given, given.flip(-1))}
        parts |= {"back": readout.pullback(given, d), "dtype": str(features.dtype)}
        out |= {f"{name} {key}": value for key, value in parts.items()}
    return out


@golden(NoFeedback, OutputFeedback)
def models() -> Values:
    """States and outputs with and without feedback, of targets and of the net's own outputs; centred inputs."""
    out: Values = {}
    for feedback in (NoFeedback(), OutputFeedback()):
        model = Model(Reservoir(4, leak=0.5), 2, 3, 3, Quadratic(), feedback, (0.2, -0.1))
        params = {name: tensor(1, *shape, scale=1.5) for name, shape in model.shapes().items()}
        x, start = tensor(1, 6, 2, 2), torch.tensor([[0, 2]])
        parts = {"outputs": model.outputs(params, x, start), "flops": model.flops(params, 6)}
        parts["forced"] = model.states(params, x, start, tensor(1, 3, 2, 3))
        out |= {f"{type(feedback).__name__} {key}": value for key, value in parts.items()}
    return out


@golden(SquaredError, CrossEntropy, OneHotError, LogisticError)
def losses() -> Values:
    outputs, classes = tensor(2, 3, 4, 3, scale=6.0), torch.arange(24).reshape(2, 3, 4) * 5 % 7 % 3
    near = outputs + tensor(2, 3, 4, 3).flip(-1) * 0.2
    out: Values = {}
    of_classes = (CrossEntropy(3), OneHotError(3), LogisticError(0.3, 3))
    for loss, y in ((SquaredError(0.06), near), *((loss, classes) for loss in of_classes)):
        tangent = outputs.cos()
        parts = {
            "value": loss.value(outputs, y),
            "gradient": loss.gradient(outputs, y),
            "wrong": loss.wrong(outputs, y),
        }
        parts |= {"curved": loss.hessian_product(outputs, tangent), "encoded": loss.encode(y), "name": loss.name}
        out |= {f"{type(loss).__name__} {key}": value for key, value in parts.items()}
    return out


@golden()
def objectives() -> Values:
    """Losses, gradients and products of 130 sequences, which are taken in two pieces, and what they are charged."""
    out: Values = {}
    for name, steps, structural in (("kept Jacobian", 64, 0.0), ("through time", 6, 0.0), ("structural", 6, 0.3)):
        model, meter = Model(TanhRNN(4), 2, 3, 1, Quadratic(), NoFeedback(), (0.1, 0.2)), Meter.zero(1)
        params = {key: tensor(1, *shape, scale=1.2) for key, shape in model.shapes().items()}
        y = torch.arange(130).reshape(1, 1, 130) * 5 % 7 % 3
        start = (torch.arange(130) % 3).reshape(1, 130)
        objective = Objective(model, CrossEntropy(3), Tensors(tensor(1, steps, 130, 2), start, y), meter)
        loss, gradient = objective.value_and_grad(params)
        v = {key: p.cos() for key, p in params.items()}
        product = objective.head(110).gauss_newton(params, structural)(v)
        parts = {"loss": loss, "value": objective.value(params), "features": objective.features(params)[0][:, ::40]}
        parts |= {f"d {key}": value for key, value in gradient.items()}
        parts |= {f"G {key}": value for key, value in product.items()}
        parts |= {"passes": meter.passes, "flops": meter.flops}
        out |= {f"{name} {key}": value for key, value in parts.items()}
    return out


@golden(FunctionObjective)
def functions() -> Values:
    def forward(p: tree.Params, x: Tensor) -> tuple[Tensor, Tensor]:
        hidden = torch.tanh(x @ p["W"])
        return hidden @ p["V"], hidden

    params = {"W": tensor(1, 2, 4), "V": tensor(1, 4, 3)}
    objective = FunctionObjective(forward, CrossEntropy(3), tensor(8, 2), torch.arange(8) % 3)
    loss, gradient = objective.value_and_grad(params)
    product = objective.head(5).gauss_newton(params, 0.3)({"W": tensor(1, 2, 4).cos(), "V": tensor(1, 4, 3).cos()})
    parts = {f"d {key}": value for key, value in gradient.items()} | {f"G {key}": v for key, v in product.items()}
    return {"loss": loss, "value": objective.value(params), **parts}


@golden()
def rules() -> Values:
    """The protocol's numbers, and the first numbers of a stream."""
    looks = [0.0]
    while looks[-1] < 130_000:
        looks.append(protocol.next_evaluation(looks[-1]))
    names = ("CRITERION", "CONFIRMATION", "MONITOR", "CONFIRM", "TEST", "TEST_EVERY_STEP")
    constants = {name: getattr(protocol, name) for name in names}
    return {"looks": looks, "stream": stream(7, "golden", 3).integers(2**62, size=3), **constants}


def _digest(*arrays: np.ndarray) -> str:
    kinds = {"f": "<f4", "i": "<i8", "u": "<i8", "b": "|b1"}
    data = b"".join(np.ascontiguousarray(array, dtype=kinds[array.dtype.kind]).tobytes() for array in arrays)
    return hashlib.sha256(data).hexdigest()[:16]


def _task(name: str) -> Callable[[], Values]:
    """Digests of sequences, which are integers and single draws and the same everywhere, and baselines."""

    def values() -> Values:
        task, out = registry.get("tasks", name), {}
        for lag in (task.shortest, 37):
            for seed in (0, 1):
                batch = task.sample(stream(seed, "golden"), lag, 7)
                out[f"lag {lag} seed {seed}"] = _digest(batch.x, batch.start, batch.y)
            out |= {f"lag {lag} steps": task.steps(lag), f"lag {lag} minimal": task.minimal_lag(lag)}
        if task.population:
            batch = task.sample(stream(0, "golden"), 5, task.population)
            out["population"] = _digest(batch.x, batch.start, batch.y)
        for kind, baseline in task.baselines.items():
            out |= {f"{kind} error": baseline.error, f"{kind} loss": baseline.loss}
        return out | {"wrong": task.loss.wrong(*_answers(task)), "version": task.version}

    return values


def _answers(task: Any) -> tuple[Tensor, Tensor]:
    """Outputs and targets of two scored steps."""
    outputs = tensor(1, 2, 4, len(task.traits.target_mean), scale=0.3)
    if not task.traits.classes:
        return outputs, outputs + 0.02 * torch.arange(8.0).reshape(1, 2, 4, 1)
    return outputs, torch.arange(8).reshape(1, 2, 4) % task.traits.classes


TASKS = registry.names("tasks")
UNITS |= {f"task {name}": _task(name) for name in TASKS}
