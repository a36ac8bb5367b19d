"""What a fit computes: the readout, feedback, long and short sequences, copies, one thread."""

import copy
import pickle

import numpy as np
import pytest
import torch
from echoes import SMALL, dense, echoes

from longlag.cells.reservoir import Reservoir
from longlag.esn import EchoStateNetwork
from longlag.esn.network import Network, groups
from longlag.model import Model, OutputFeedback


@pytest.mark.parametrize("features", ["linear", "quadratic"])
def test_targets_of_every_step_of_unequal_sequences(features):
    x, y = echoes()
    net = EchoStateNetwork(**SMALL, leak=0.9, features=features, washout=3, input_scale=0.1).fit(x, y)
    found = net.predict(x)
    assert [each.shape for each in found] == [each.shape for each in y]
    for each, own in zip(found, x, strict=True):
        np.testing.assert_allclose(each, dense(net, own), atol=1e-7)
    assert net.score(x, y) > 0.9
    assert net.score(*echoes(seed=1)) > 0.9


def test_the_readout_is_ridge_regression_of_the_scored_states():
    """Against a dense solution of (Z'Z/n + penalty I) w = Z'y/n on standardised states."""
    x, y = echoes()
    net = EchoStateNetwork(**SMALL, penalty=0.1, washout=4).fit(x, y)
    cell, w = Reservoir(net.units), net.network_.params
    one = [cell.states(w, torch.from_numpy(net._scales.x.standard(each))[None, :, None], torch.zeros(1, 1, dtype=int), len(each))
           for each in x]  # fmt: skip
    h = np.concatenate([each[0, 4:, 0].numpy() for each in one])
    targets = net._scales.y.standard(np.concatenate([each[4:] for each in y]))
    z = (h - h.mean(0)) / h.std(0)
    solved = np.linalg.solve(z.T @ z / len(z) + 0.1 * np.eye(30), z.T @ targets / len(z)) / h.std(0)[:, None]
    np.testing.assert_allclose(w["W_hy"][0].numpy(), solved, rtol=1e-6, atol=1e-8)
    assert np.isnan(net.validation_error_)


def test_feedback_is_that_of_the_model():
    x, y = echoes((25, 40, 9))
    net = EchoStateNetwork(**SMALL, feedback_scale=0.3, leak=0.7).fit(x, y)
    for each, found in zip(x, net.predict(x), strict=True):
        model = Model(Reservoir(30, 0.7), 2, 2, len(each), feedback=OutputFeedback())
        inputs = torch.from_numpy(net._scales.x.standard(each))[None, :, None]
        z = model.outputs(net.network_.params, inputs, torch.zeros(1, 1, dtype=int))
        np.testing.assert_allclose(found, net._scales.y.raw(z[0, :, 0].numpy()), atol=1e-7)
        np.testing.assert_allclose(found, dense(net, each), atol=1e-7)


def test_a_pickled_net_predicts_and_the_seed_decides():
    x, y = echoes()
    net = EchoStateNetwork(**SMALL).fit(x, y)
    for one, other in zip(pickle.loads(pickle.dumps(net)).predict(x), net.predict(x), strict=True):
        np.testing.assert_array_equal(one, other)
    same, another = (EchoStateNetwork(30, random_state=seed).fit(x, y).predict(x)[0] for seed in (0, 1))
    np.testing.assert_array_equal(same, net.predict(x)[0])
    assert not np.allclose(another, same)


def test_a_fitted_net_can_be_copied():
    x, y = echoes()
    net = EchoStateNetwork(**SMALL).fit(x, y)
    net.predict(x)
    np.testing.assert_array_equal(copy.deepcopy(net).predict(x)[0], net.predict(x)[0])


def test_long_sequences_stream_in_blocks(monkeypatch):
    x, y = echoes((90, 70, 64))
    whole = EchoStateNetwork(**SMALL).fit(x, y)
    monkeypatch.setattr("longlag.esn.network._BLOCK_NUMBERS", 500)
    cut = EchoStateNetwork(**SMALL).fit(x, y)
    assert cut.penalty_ == whole.penalty_
    for one, other in zip(cut.predict(x), whole.predict(x), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_groups_hold_every_sequence_once_and_little_padding():
    x = [np.ones((n, 1)) for n in (5, 100, 7, 6, 90, 31, 5, 200)]
    found = list(groups(x, 3))
    assert sorted(i for group in found for i in group.members) == list(range(8))
    for group in found:
        lengths = [len(x[i]) for i in group.members]
        assert max(lengths) <= 1.5 * min(lengths)
        assert group.x.sum() == sum(lengths)
        assert len(lengths) <= 3


def test_a_fit_runs_on_one_thread_and_leaves_the_number_of_threads(monkeypatch):
    before, seen = torch.get_num_threads(), []
    drawn = Network.drawn
    monkeypatch.setattr(Network, "drawn", lambda *words: seen.append(torch.get_num_threads()) or drawn(*words))
    torch.set_num_threads(2)
    try:
        EchoStateNetwork(**SMALL).fit(*echoes())
        assert seen == [1]
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
