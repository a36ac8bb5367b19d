"""HessianFree of `longlag.torch_optim` beside Adam, L-BFGS and PyTorchHessianFree: loss against passes and seconds.

    python -m benchmarks.hessian_free [--seeds 3] [--budget 2000] [--problems long_lag,regression] [--out FOLDER]

Three problems, each a fixed training set and a start that all methods share. A *pass* is one forward pass over the
training set; with the backward pass it counts 3, a Gauss-Newton product 4. Adam draws mini-batches, the others use the
whole set. Adam's learning rate is the best of three on seed 0, by its last loss; nothing else is tuned. Seconds are
process CPU seconds on one thread, without the losses that are recorded.
PyTorchHessianFree is on no package index: `benchmarks/README.md` says how to install it. Without it its rows are left
out.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.arm import Missing
from benchmarks.harness import ROOT, write
from longlag.algebra.stateless import twice_differentiable
from longlag.torch_data import TaskDataset
from longlag.torch_optim import HessianFree

PEERS = Path(sys.prefix) / "peers-torch"  # apart from the other peers: one of those is called hessianfree too
RATES = (1e-3, 3e-3, 1e-2)  # learning rates of Adam
BATCH = 100
GROWTH = 1.15  # a loss is recorded whenever passes have grown by this factor


@dataclass(frozen=True)
class Problem:
    """model(x) and loss(outputs, y). hidden: the module whose states structural damping protects."""

    model: nn.Module
    loss: nn.Module
    x: Tensor
    y: Tensor
    hidden: tuple[nn.Module, ...] = ()

    def forward(self, rows: slice | Tensor = slice(None)) -> tuple[Tensor, Tensor]:
        """(outputs, targets) of those sequences."""
        return self.model(self.x[rows]), self.y[rows]

    def value(self) -> float:
        """The loss of the training set."""
        with torch.no_grad():
            return float(self.loss(*self.forward()))


class Recurrent(nn.Module):
    """The last outputs of a tanh net that starts with an orthogonal matrix."""

    def __init__(self, inputs: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.rnn, self.out = nn.RNN(inputs, hidden, batch_first=True), nn.Linear(hidden, outputs)
        nn.init.orthogonal_(self.rnn.get_parameter("weight_hh_l0"))

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.rnn(x)[0][:, -1])


def long_lag(seed: int) -> Problem:
    """Temporal order at T = 30: 500 sequences, a tanh net of 30 units."""
    x, y = next(iter(TaskDataset("temporal_order", 30, batch=500, seed=seed, batch_first=True)))
    model = Recurrent(6, 30, 4)
    return Problem(model, nn.CrossEntropyLoss(), x, y, (model.rnn,))


def regression(seed: int) -> Problem:
    """50 inputs that mix directions of scales 1 to 0.001, each as important as the others; one hidden layer of 20.

    The mixing is a rotation: Adam would undo scales of single inputs by itself.
    """
    scales = torch.logspace(0, -3, 50)
    z = torch.randn(1000, 50)
    rotation = torch.linalg.qr(torch.randn(50, 50)).Q
    y = (z @ torch.randn(50, 3) / 50**0.5).tanh() @ torch.randn(3, 1)
    return Problem(
        nn.Sequential(nn.Linear(50, 20), nn.Tanh(), nn.Linear(20, 1)), nn.MSELoss(), (z * scales) @ rotation, y
    )


def autoencoder(seed: int) -> Problem:
    """scikit-learn's 1797 digits through a code of 8: eight layers of weights, tanh units, cross-entropy of pixels."""
    try:
        digits = import_module("sklearn.datasets").load_digits()
    except ImportError as error:
        raise Missing(f"scikit-learn cannot be imported ({error})") from error
    x = torch.tensor(digits.data, dtype=torch.float32) / 16
    sizes = (64, 60, 40, 20, 8, 20, 40, 60, 64)
    layers: list[nn.Module] = []
    for before, after in pairwise(sizes):
        layers += [nn.Linear(before, after), nn.Tanh()]
    return Problem(nn.Sequential(*layers[:-1]), nn.BCEWithLogitsLoss(), x, x)


PROBLEMS: dict[str, tuple[str, Callable[[int], Problem]]] = {
    "long_lag": ("temporal order, T = 30\ntanh net, 500 sequences", long_lag),
    "regression": ("ill-conditioned regression\none hidden layer, 1000 rows", regression),
    "autoencoder": ("digits through a code of 8\neight layers, 1797 images", autoencoder),
}


def adam(problem: Problem, rate: float) -> Iterator[float]:
    optimiser = torch.optim.Adam(problem.model.parameters(), lr=rate)
    n = len(problem.x)
    while True:
        for rows in torch.randperm(n).split(BATCH):
            optimiser.zero_grad()
            problem.loss(*problem.forward(rows)).backward()
            optimiser.step()
            yield 3 * len(rows) / n


def l_bfgs(problem: Problem) -> Iterator[float]:
    """With the line search that its documentation recommends."""
    optimiser = torch.optim.LBFGS(problem.model.parameters(), line_search_fn="strong_wolfe")
    calls = 0

    def closure() -> Tensor:
        nonlocal calls
        calls += 1
        optimiser.zero_grad()
        loss: Tensor = problem.loss(*problem.forward())
        loss.backward()
        return loss

    while True:
        before = calls
        optimiser.step(closure)
        yield 3.0 * (calls - before)


def ours(problem: Problem) -> Iterator[float]:
    optimiser = HessianFree(problem.model.parameters(), problem.loss, hidden=problem.hidden)
    while True:
        optimiser.step(problem.forward)
        yield float(optimiser.info["passes"])


def pytorch_hessian_free(problem: Problem) -> Iterator[float]:
    """Its defaults; its products are counted where they are made."""
    try:
        kind: Any = import_module("hessianfree.optimizer").HessianFree
    except ImportError as error:
        raise Missing(f"PyTorchHessianFree cannot be imported ({error})") from error
    optimiser = kind(problem.model.parameters())
    cost, product = 0.0, optimiser._Gv

    def counted(*args: Any) -> Any:
        nonlocal cost
        cost += 4
        return product(*args)

    def forward() -> tuple[Tensor, Tensor]:
        nonlocal cost
        cost += 3 if torch.is_grad_enabled() else 1
        outputs, targets = problem.forward()
        return problem.loss(outputs, targets), outputs

    optimiser._Gv = counted
    while True:
        before = cost
        with twice_differentiable():  # without it a recurrent layer has no second derivative on a CPU
            optimiser.step(forward=forward)
        yield cost - before


METHODS: dict[str, Callable[[Problem], Iterator[float]]] = {
    "longlag HessianFree": ours,
    "PyTorchHessianFree": pytorch_hessian_free,
    "L-BFGS": l_bfgs,
    **{f"Adam, rate {rate:g}": lambda problem, rate=rate: adam(problem, rate) for rate in RATES},  # type: ignore[misc]
}


@dataclass(frozen=True)
class Point:
    """The loss of the training set after so many passes and CPU seconds."""

    problem: str
    method: str
    seed: int
    passes: float
    cpu_s: float
    loss: float


def run(problem: str, method: str, seed: int, budget: float) -> list[Point]:
    """A method on a problem until its passes are spent; the same start and data for every method."""
    torch.manual_seed(seed)
    posed = PROBLEMS[problem][1](seed)
    points, steps = [Point(problem, method, seed, 0.0, 0.0, posed.value())], METHODS[method](posed)
    passes = seconds = 0.0
    while passes < budget:
        begun = time.process_time()
        passes += next(steps)
        seconds += time.process_time() - begun
        if passes >= max(1.0, points[-1].passes * GROWTH) or passes >= budget:
            points.append(Point(problem, method, seed, passes, seconds, posed.value()))
    return points


def measure(seeds: int, budget: float, problems: list[str]) -> Iterator[Point]:
    """All methods, with Adam at the best of its rates."""
    for problem in problems:
        rates = {name: run(problem, name, 0, budget) for name in METHODS if name.startswith("Adam")}
        best = min(rates, key=lambda name: (not math.isfinite(rates[name][-1].loss), rates[name][-1].loss))
        for method in [name for name in METHODS if name not in rates or name == best]:
            for seed in range(seeds):
                try:
                    points = rates[best] if (method, seed) == (best, 0) else run(problem, method, seed, budget)
                except Missing as reason:
                    print(f"{problem}: {reason}", flush=True)
                    break
                last = points[-1]
                print(f"{problem}, {method}, seed {seed}: {last.loss:.3g} in {last.cpu_s:.1f} s", flush=True)
                yield from points


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hessian_free", description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--budget", type=float, default=2000, help="passes")
    parser.add_argument("--problems", default=",".join(PROBLEMS))
    parser.add_argument("--peers", type=Path, default=PEERS, help="folder that holds PyTorchHessianFree and backpack")
    parser.add_argument("--out", type=Path, default=ROOT / "results/benchmarks")
    args = parser.parse_args(argv)
    sys.path.append(str(args.peers))
    torch.set_num_threads(1)
    found = list(measure(args.seeds, args.budget, args.problems.split(",")))
    args.out.mkdir(parents=True, exist_ok=True)
    write(args.out / "hessian_free.csv", Point, found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
