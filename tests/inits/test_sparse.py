"""Sparse starts: their connections and their spectral radius."""

import numpy as np
import pytest

from longlag.inits.base import sparse_columns, spectral_radius
from longlag.inits.sparse import SparseSpectral
from longlag.rng import stream

SHAPES = {"W_xh": (3, 40), "W_hh": (40, 40), "b_h": (40,), "W_hy": (40, 2), "b_y": (2,)}


@pytest.mark.parametrize("connections", [1, 15, 40, 100])
def test_every_unit_has_so_many_connections_and_the_matrix_its_radius(connections):
    recurrent = SparseSpectral(1.1, connections).draw(stream(0, "sparse"), SHAPES)["W_hh"]
    assert ((recurrent != 0).sum(0) == min(connections, 40)).all()
    assert spectral_radius(recurrent) == pytest.approx(1.1)


@pytest.mark.parametrize("hidden", [1, 2, 3, 10])
def test_a_single_connection_into_each_unit_makes_a_cycle(hidden):
    radii = [spectral_radius(sparse_columns(stream(seed, "cycle"), hidden, 1)) for seed in range(200)]
    assert np.min(radii) > 1e-6
