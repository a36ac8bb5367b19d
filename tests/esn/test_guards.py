"""What a newcomer may try and would not notice: free runs in two units, a series handed over as a table."""

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from longlag.esn import EchoStateClassifier, EchoStateNetwork
from longlag.esn.data import BadInput

SERIES = 3 + np.sin(0.3 * np.arange(400))[:, None]


def net(**settings):
    return EchoStateNetwork(30, random_state=0, **settings)


def test_a_free_run_needs_targets_that_are_the_next_inputs():
    fitted = net(washout=20).fit([SERIES[:-1]], [SERIES[1:]])
    assert fitted.generate(5, SERIES).shape == (5, 1)
    for targets in (-5 * SERIES[1:], SERIES[1:] + 3, SERIES[1:] * 0):
        with pytest.raises(BadInput, match="leave scalers of X out"):
            net(washout=20).fit([SERIES[:-1]], [targets]).generate(5, SERIES)


def test_a_scaler_before_the_net_is_seen_in_a_free_run():
    steps = make_pipeline(StandardScaler(), net(washout=20, table="series"))
    with pytest.raises(BadInput, match=r"in the same units: leave scalers of X out"):
        steps.fit(SERIES[:-1], SERIES[1:, 0])[-1].generate(5, SERIES)


@pytest.mark.parametrize(("amplitude", "mean"), [(1, 0), (1, 0.3), (0.8, 0), (1.8, 0.2), (1.38, 0)])
def test_a_scaler_is_seen_whatever_the_deviation_of_the_series(amplitude, mean):
    series = mean + amplitude * np.sin(0.2 * np.arange(700))[:, None]
    steps = make_pipeline(StandardScaler(), net(washout=20, table="series"))
    with pytest.raises(BadInput, match="leave scalers of X out"):
        steps.fit(series[:-1], series[1:])[-1].generate(5, series)
    assert net(table="series").fit(series[:-1], series[1:]).generate(5, series).shape == (5, 1)


@pytest.mark.parametrize("ahead", [0, 2, 3])
def test_targets_of_another_step_are_not_the_next_inputs(ahead):
    with pytest.raises(BadInput, match=r"y\[t\] = X\[t \+ 1\]"):
        net(washout=20).fit([SERIES[:-3]], [SERIES[ahead : len(SERIES) - 3 + ahead]]).generate(5, SERIES)


@pytest.mark.parametrize("steps", [1, 2])
def test_sequences_too_short_for_a_next_input_are_fitted_without_a_warning(steps):
    x = [np.full((steps, 1), float(i)) for i in range(9)]
    assert len(net().fit(x, x).predict(x)) == 9  # warnings are errors


def test_noise_on_the_inputs_is_no_other_unit():
    noisy = SERIES + np.random.default_rng(0).normal(0, 0.1, SERIES.shape)
    assert net(washout=20).fit([noisy[:-1]], [SERIES[1:]]).generate(3, noisy).shape == (3, 1)
    assert net(washout=20).fit([SERIES[:-1]], [noisy[1:]]).generate(3, SERIES).shape == (3, 1)


def test_a_table_is_refused_after_a_fit_to_sequences():
    sequences = [SERIES[:n] for n in (30, 40, 50)]
    classifier = EchoStateClassifier(20, random_state=0).fit(sequences, [0, 1, 0])
    with pytest.raises(BadInput, match=r"X of shape \(30, 1\) is a table; .*hand over one sequence as \[x\]"):
        classifier.predict(sequences[0])
    assert len(classifier.predict(sequences[:1])) == 1


def test_a_warm_up_may_be_a_list_of_one():
    fitted = net().fit([SERIES[:-1]], [SERIES[1:]])
    np.testing.assert_array_equal(fitted.generate(4, [SERIES]), fitted.generate(4, SERIES))


def test_a_washout_longer_than_the_scored_sequences_is_named():
    fitted = net(washout=50).fit([SERIES[:-1]], [SERIES[1:]])
    with pytest.raises(BadInput, match="washout=50 leaves nothing to score of sequences of at most 39 steps"):
        fitted.score([SERIES[:39]], [SERIES[1:40]])


def test_a_series_handed_over_as_separate_steps_is_named():
    with pytest.warns(
        UserWarning, match=r"shape \(399, 1\) is a table, whose rows are sequences of one step"
    ) as warned:
        net().fit(SERIES[:-1], SERIES[1:, 0])
    assert [each.filename for each in warned] == [__file__]
    net(inputs_per_step=1).fit(SERIES[:-1], SERIES[1:, 0])  # warnings are errors
    net(table="series").fit(SERIES[:-1], SERIES[1:, 0])
