"""The linear system of a readout, solved by elimination for each penalty.

`longlag.optimisers.ridge` solves the same system by its eigenvalues, once for all penalties. Eigenvalues below 1e-13 of
the largest are rounding there. Elimination keeps more of them (its rounding acts row by row), and equals a singular
value decomposition of the states themselves: the error on a noise-free Mackey-Glass series is 0.75 times as large.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from longlag.esn.names import BadInput
from longlag.optimisers.ridge import Moments, Spectrum, Standardised


@dataclass(frozen=True)
class Elimination:
    """(Z'Z/n + penalty I) w = Z'y/n. moments: the sums that it was made of."""

    moments: Moments
    system: Standardised

    @classmethod
    def of(cls, moments: Moments) -> Elimination:
        """The system of these sums.

        Raises:
            BadInput: they are not finite.
        """
        system = Standardised.of(moments)
        if system is None:
            raise BadInput("states or targets are too large for their squares to be finite; scale X and y")
        return cls(moments, system)

    def solve(self, penalty: float) -> tuple[Tensor, Tensor]:
        """Weights [F, O] and biases [O]. Without a penalty, or where elimination fails, by eigenvalues."""
        if penalty:
            matrix = self.system.correlations + penalty * torch.eye(len(self.system.correlations), dtype=torch.float64)
            found, failed = torch.linalg.solve_ex(matrix, self.system.right)
            if not failed and found.isfinite().all():
                return self.system.readout(found)
        return self._spectrum.solve(penalty)

    @cached_property
    def _spectrum(self) -> Spectrum:
        found = Spectrum.of(self.moments)
        assert found is not None  # the sums are finite
        return found
