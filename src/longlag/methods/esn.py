"""An echo state network: a fixed reservoir, and a ridge readout of its states at the scored steps.

Two designs, chosen by the task's declared kind. Marked values and symbols: a sparse leaky reservoir whose leaking
rate is c / T, so that it forgets over the length of a sequence, with quadratic features, which make products and XOR
of two remembered values linear. Replay: a delay line longer than the sequence (one ring of units, none of them
random), driven weakly enough to stay linear. Every channel's scale follows its declared role: relevant symbols drive
the reservoir 75 times harder than distractors, which is knowledge of the task. The recipe for symbols was found by
random search on temporal order at T = 50, the one for marked values on multiplication, XOR and adding at T = 50, 500
and 1000, on tuning seeds. At T = 1000, 200 units left 0 to 22 % of the products wrong, 400 units at most 0.1 %.
"""

from longlag.cells.reservoir import PerLag, Reservoir
from longlag.inits.reservoirs import ByRole, DelayLine, EchoState
from longlag.losses import OneHotError
from longlag.methods.base import Method, Parts, Range, as_given
from longlag.optimisers.ridge import Ridge
from longlag.readouts import Float64, Linear, Quadratic
from longlag.tasks.base import Traits

_SCALES = {
    "marked": {"value": 0.045, "marker": 1.8},
    "symbols": {"symbol": 1.64, "distractor": 0.022},
    "replay": {"symbol": 0.01, "blank": 0.0, "cue": 0.01},
}
_ROLES = ("value", "marker", "symbol", "distractor", "cue")  # whose scales a search may move
_LEAKY = {"marked": (400, 0.09, 0.5, 0.015), "symbols": (100, 0.7, 0.82, 1.02)}  # units, c, spectral radius, bias scale


def build(traits: Traits, lag: int) -> Parts:
    scales = ByRole.of(traits.roles, _SCALES[traits.kind])
    loss = OneHotError(traits.classes) if traits.classes else None
    if traits.kind == "replay":
        ring = Reservoir(hidden=max(100, 2 * (lag + 2 * traits.scored)))
        return Parts(ring, DelayLine(scales), Ridge(), as_given(traits), Float64(Linear()), loss=loss)
    units, c, radius, bias = _LEAKY[traits.kind]
    reservoir = Reservoir(hidden=units, leak=PerLag(c, float(lag)))
    return Parts(reservoir, EchoState(radius, scales, bias), Ridge(), as_given(traits), Float64(Quadratic()), loss=loss)


METHOD = Method(
    name="esn",
    label="echo state network",
    summary="fixed leaky reservoir (or delay line), ridge readout of the scored states",
    reference="Jaeger 2001; Lukosevicius 2012; Rodan & Tino 2011",
    version=5,
    build=build,
    tune={
        "cell.leak.times": Range(0.03, 3),
        "init.spectral_radius": Range(0.3, 1.5),
        "init.bias_scale": Range(0.003, 3),
        **{f"init.input_scales.{role}": Range(0.003, 10) for role in _ROLES},
    },
)
