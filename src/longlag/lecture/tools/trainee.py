"""A net that a claim trains: the engine's data and updates for one seed, without evaluations, verdicts and rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from longlag.algebra.tree import Params
from longlag.engine.data import Data
from longlag.engine.evaluate import score
from longlag.engine.spec import RunSpec, resolve
from longlag.inits.sparse import SparseSpectral
from longlag.objective import Tensors
from longlag.optimisers.clipping import ClipNorm
from longlag.optimisers.nesterov import Nesterov
from longlag.optimisers.schedules import Constant, WarmMomentum


def trainee(method: str, task: str, lag: int, seed: int) -> Data:
    """One seed of a method on a task at a lag, as `longlag train` would set it up."""
    return Data(resolve(RunSpec(task, lag, method, (seed,))), (seed,))


def with_parts(data: Data, **parts: Any) -> Data:
    """The same seed with other parts of its method, such as another optimiser."""
    setup = data.setup
    return replace(data, setup=replace(setup, parts=replace(setup.parts, **parts)))


def esn_style(task: str, lag: int, seed: int, **parts: Any) -> Data:
    """One seed of a plain tanh net with an ESN-style start and momentum, after Sutskever et al. 2013, section 4.

    Its parts are written down here: a new recipe of the library's method changes no claim.
    parts: others in their place.
    """
    init = SparseSpectral(1.1, connections=15, input_scale=0.1, output_scale=0.1)
    optimiser = Nesterov(Constant(3e-3), WarmMomentum(late=0.98), ClipNorm(1.0))
    return with_parts(trainee("esn_momentum", task, lag, seed), **{"init": init, "optimiser": optimiser, **parts})


def wrong(data: Data, params: Params, batch: Tensors) -> float:
    """Share of the batch's sequences wrong."""
    return float(score(data.setup, params, [batch]).wrong[0])
