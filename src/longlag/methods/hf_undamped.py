"""An ablation: Hessian-Free without structural damping, and nothing else.

Levenberg-Marquardt damping of the parameters stays; what goes is the term that keeps the hidden states near where they
are (Martens & Sutskever 2011, section 3), said to matter most for memorisation.
"""

from longlag.methods import hf
from longlag.methods.base import ablation
from longlag.settings import with_values

METHOD = ablation(
    hf.METHOD,
    "no structural damping",
    lambda parts: with_values(parts, {"optimiser.structural_damping": 0.0}),
    name="hf_undamped",
    label="undamped Hessian-Free",
    reference="Martens 2010; Martens & Sutskever 2011, section 3",
    tune={path: space for path, space in hf.METHOD.tune.items() if path != "optimiser.structural_damping"},
)
