"""What theory says of a large random net before it is run: the variance of its activity and the gain of its gradients.

A net with W_hh ~ N(0, g^2 / H), no input and no biases, H -> infinity, settles where its pre-activations are N(0, q)
with q = g^2 E f(a)^2. A derivative's mean square then grows by chi = g^2 E f'(a)^2 at every step: below
chi = 1 the settled state is stable and gradients vanish at the rate ln(chi) / 2, above it the net is chaotic and they
explode (Sompolinsky, Crisanti & Sommers 1988; Poole et al. 2016, equations 3 and 7).
"""

from __future__ import annotations

from functools import cache

import numpy as np

from longlag.lecture.tools.nets import Unit

_NODES = np.linspace(-9, 9, 7201)  # fine enough for units as steep as 1/100 of the activity's spread
_WEIGHTS = np.exp(-(_NODES**2) / 2)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()


def variance(unit: Unit, scale: float) -> float:
    """q, by iterating its equation from far away."""
    q = scale**2 + 1.0
    for _ in range(300):
        q = scale**2 * float(_WEIGHTS @ unit.function(np.sqrt(q) * _NODES) ** 2)
    return q


def gain(unit: Unit, scale: float) -> float:
    """sqrt(chi): the factor by which a derivative grows in one step."""
    slopes = unit.slope(np.sqrt(variance(unit, scale)) * _NODES)
    return scale * float(np.sqrt(_WEIGHTS @ slopes**2))


@cache
def critical_scale(unit: Unit) -> float:
    """The scale at which the gain is 1, by bisection to 1e-6. A unit that is silent at rest settles at q = 0 until the
    scale outgrows its slope there: then the scale is known."""
    if unit.function(np.zeros(1))[0] == 0:
        return 1 / unit.steepest
    low, high = 0.1, 100.0
    while high - low > 1e-6:
        middle = (low + high) / 2
        low, high = (middle, high) if gain(unit, middle) < 1 else (low, middle)
    return (low + high) / 2
