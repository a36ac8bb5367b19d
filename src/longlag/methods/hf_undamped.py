"""An ablation: Hessian-Free without structural damping, and nothing else.

Levenberg-Marquardt damping of the parameters stays; what goes is the term that keeps the hidden states near where they
are (Martens & Sutskever 2011, section 3), said to matter most for memorisation.
"""

from longlag.methods import hf
from longlag.methods.base import Method, Parts
from longlag.settings import with_values
from longlag.tasks.base import Traits


def build(traits: Traits, lag: int) -> Parts:
    return with_values(hf.build(traits, lag), {"optimiser.structural_damping": 0.0})


METHOD = Method(
    name="hf_undamped",
    label="Hessian-Free, undamped",
    summary="ablation of hf: no structural damping",
    reference="Martens 2010; Martens & Sutskever 2011, section 3",
    version=hf.METHOD.version,
    build=build,
    tune={path: space for path, space in hf.METHOD.tune.items() if path != "optimiser.structural_damping"},
)
