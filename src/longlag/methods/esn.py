"""An echo state network: a fixed reservoir, and a ridge readout of its states at the scored steps.

Two designs, chosen by the task's declared kind. Marked values and symbols: a sparse leaky reservoir whose leaking
rate is c / T, so that it forgets over the length of a sequence, with quadratic features; relevant channels drive it
harder than distractors (declared knowledge of the channels). Replay: one ring of units, a delay line longer than the
sequence, driven weakly enough to stay linear. Constants were found by random search at T = 50 on other seeds.
"""

from longlag.cells.reservoir import Reservoir
from longlag.inits.reservoirs import Cycle, EchoState
from longlag.losses import OneHotError
from longlag.methods.base import Method, Parts, Range, as_given
from longlag.model import Linear, Quadratic
from longlag.optimisers.ridge import Ridge
from longlag.tasks.base import Traits

_SCALES = {
    "marked": {"value": 0.13, "marker": 2.34},
    "symbols": {"symbol": 1.64, "distractor": 0.022},
    "replay": {"symbol": 0.01, "blank": 0.0, "cue": 0.01},
}
_LEAKY = {"marked": (0.37, 1.29, 0.17), "symbols": (0.7, 0.82, 1.02)}  # c, spectral radius, bias scale


def build(traits: Traits, lag: int) -> Parts:
    scales = tuple(_SCALES[traits.kind].get(role, 1.0) for role in traits.roles)
    loss = OneHotError(traits.classes) if traits.classes else None
    if traits.kind == "replay":
        delay_line = Reservoir(hidden=max(100, 2 * (lag + 2 * traits.scored)))
        return Parts(delay_line, Cycle(1.0, scales), Ridge(), as_given(traits), Linear(), loss=loss)
    c, radius, bias = _LEAKY[traits.kind]
    reservoir = Reservoir(hidden=100, leak=c / lag)
    return Parts(reservoir, EchoState(radius, scales, bias), Ridge(), as_given(traits), Quadratic(), loss=loss)


METHOD = Method(
    name="esn",
    label="ESN",
    summary="fixed leaky (or cyclic) reservoir, ridge readout of the scored states",
    reference="Jaeger 2001; Lukosevicius 2012; Rodan & Tino 2011",
    version=1,
    build=build,
    tune={"init.spectral_radius": Range(0.5, 1.5)},
)
