"""Hessian-Free optimisation of a plain tanh net, with structural damping.

Start and centring are those of the momentum method, with its input scale of 0.1 on replay too: with the plain scale of
the authors' code, longer lags are not solved. The initial damping is 0.01 per output, after theirs (which counts the
outputs of all scored steps). Many cheap steps reach a solution in fewer passes than few costly steps: the last 30 of 60
iterations cost half of a step and gain a fifth of its model's decrease, and curvature of 100 sequences serves as well
as that of 200.
"""

from longlag.cells.tanh_rnn import TanhRNN
from longlag.inits.sparse import SparseSpectral
from longlag.methods.base import Method, Parts, Range, centred
from longlag.optimisers.cg import ConjugateGradient
from longlag.optimisers.damping import LevenbergMarquardt
from longlag.optimisers.hessian_free import HessianFree
from longlag.tasks.base import Traits


def build(traits: Traits, lag: int) -> Parts:
    damping = LevenbergMarquardt(start=0.01 * len(traits.target_mean))
    cg = ConjugateGradient(most_iterations=30)
    optimiser = HessianFree(gradient_batch=2000, curvature_batch=100, structural_damping=0.03, damping=damping, cg=cg)
    return Parts(
        TanhRNN(hidden=100), SparseSpectral(1.1, input_scale=0.1, output_scale=0.1), optimiser, centred(traits)
    )


METHOD = Method(
    name="hf",
    label="Hessian-Free",
    summary="plain tanh RNN, Gauss-Newton CG steps with structural damping",
    reference="Martens 2010; Martens & Sutskever 2011",
    version=6,
    build=build,
    tune={
        "optimiser.damping.start": Range(1e-3, 1.0),
        "optimiser.structural_damping": Range(1e-5, 1.0),
        "init.input_scale": Range(0.01, 1.0),
    },
)
