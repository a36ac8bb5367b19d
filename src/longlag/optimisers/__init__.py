"""Optimisers: frozen dataclasses of numbers and parts; all memory is in their state.

They see an oracle (`longlag.objective`) and nothing else: no task, no test set, no clock, no budget.
"""

from longlag.optimisers.adam import Adam
from longlag.optimisers.hessian_free import HessianFree
from longlag.optimisers.momentum import Momentum
from longlag.optimisers.nesterov import Nesterov
from longlag.optimisers.ridge import Ridge
from longlag.optimisers.sgd import SGD

__all__ = ["SGD", "Adam", "HessianFree", "Momentum", "Nesterov", "Ridge"]
