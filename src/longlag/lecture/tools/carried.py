"""The bar of claims 6 and 8: which share of a gradient must cross a lag, and by how much it may grow.

A unit that remembers for tau steps keeps 1 - 1/tau of an error at each of them (Tallec & Ollivier 2018, section 2). The
fastest loss that still bridges a lag of T steps is that of tau = T: (1 - 1/T)^T, which is 0.366 at T = 100 and tends to
1/e. The same rate upwards, T steps to grow e-fold, is the fastest growth that does not explode within the lag: its
inverse. A gradient is carried across the lag if what arrives lies between the two.
"""

from __future__ import annotations


def least(lag: int) -> float:
    """The smallest share that must arrive over that many steps."""
    return (1 - 1 / lag) ** lag


def greatest(lag: int) -> float:
    """The largest factor by which it may have grown."""
    return 1 / least(lag)
