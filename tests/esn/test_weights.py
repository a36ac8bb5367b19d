"""Weights of sequences, steps and classes in a fit: what has weight 2 counts as if it were there twice."""

import numpy as np
import pytest
import torch
from echoes import SMALL, echoes
from sklearn.model_selection import GridSearchCV
from sklearn.utils.class_weight import compute_sample_weight

from longlag.cells.reservoir import Reservoir
from longlag.errors import LonglagError
from longlag.esn import EchoStateClassifier, EchoStateNetwork

X, Y = echoes()
WEIGHTS = np.array([1, 2, 0, 1, 3, 1, 0, 2])
LAST = np.stack([each[-1] for each in Y])
LABELS = np.array(["up" if each > 0 else "down" for each in LAST[:, 0]])  # three are up
STEPS = [np.digitize(each[:, 0], [-1.0, 1.0]) for each in Y]  # of three classes, the middle one frequent
ONE = {**SMALL, "penalty": 0.01}


def repeated(some):
    return [each for each, times in zip(some, WEIGHTS, strict=True) for _ in range(times)]


def readout(net):
    return [net.network_.params[name].numpy() for name in ("W_hy", "b_y")]


def assert_same(net, other, rtol=0.0):
    for one, another in zip(readout(net), readout(other), strict=True):
        np.testing.assert_allclose(one, another, rtol=rtol, atol=rtol)
    assert net.penalty_ == other.penalty_


EVERY = [{}, {"washout": 5}, {"feedback_scale": 0.2}, {"features": "quadratic"}]


@pytest.mark.parametrize(("y", "parameters"), [*((Y, each) for each in EVERY), (LAST.tolist(), {})])
def test_a_weight_is_a_number_of_repetitions(y, parameters):
    weighted = EchoStateNetwork(**ONE, **parameters).fit(X, y, sample_weight=WEIGHTS)
    assert_same(weighted, EchoStateNetwork(**ONE, **parameters).fit(repeated(X), repeated(y)), rtol=1e-9)
    plain = EchoStateNetwork(**ONE, **parameters).fit(X, y)
    assert not np.allclose(readout(weighted)[0], readout(plain)[0], rtol=1e-3)


def test_the_readout_is_weighted_ridge_regression_of_the_scored_states():
    """Against a dense solution of (Z'WZ / sum of W + penalty I) w = Z'Wy / sum of W."""
    net = EchoStateNetwork(**ONE, standardise=False, washout=4).fit(X, Y, sample_weight=WEIGHTS + 0.5)
    cell, w = Reservoir(net.units), net.network_.params
    one = [cell.states(w, torch.from_numpy(each)[None, :, None], torch.zeros(1, 1, dtype=int), len(each)) for each in X]
    h, y = np.concatenate([each[0, 4:, 0].numpy() for each in one]), np.concatenate([each[4:] for each in Y])
    share = np.repeat(WEIGHTS + 0.5, [len(each) - 4 for each in X])
    share = share / share.sum()
    deviation = np.sqrt(share @ np.square(h - share @ h))
    z, target = (h - share @ h) / deviation, (y - net._scales.y.mean) / net._scales.y.deviation
    solved = np.linalg.solve(z.T * share @ z + 0.01 * np.eye(30), z.T * share @ target) / deviation[:, None]
    np.testing.assert_allclose(readout(net)[0][0], solved, rtol=1e-6, atol=1e-9)


def test_a_weight_of_zero_removes_a_sequence():
    """To the bit: also from what chooses the penalty."""
    kept = [i for i, weight in enumerate(WEIGHTS) if weight]
    weighted = EchoStateNetwork(**SMALL).fit(X, Y, sample_weight=WEIGHTS > 0)
    assert_same(weighted, EchoStateNetwork(**SMALL).fit([X[i] for i in kept], [Y[i] for i in kept]))


def test_only_ratios_of_weights_count():
    fits = [EchoStateNetwork(**SMALL).fit(X, Y, sample_weight=scale * (WEIGHTS + 1)) for scale in (1.0, 4.0)]
    assert_same(*fits)  # a power of two rounds nothing
    assert_same(EchoStateNetwork(**SMALL).fit(X, Y), EchoStateNetwork(**SMALL).fit(X, Y, sample_weight=np.ones(8)))


def test_weights_count_in_the_error_that_chooses_the_penalty():
    """One series, whose last steps are held out: of two halves of them, one alone weighs something."""
    x, y = (each[0] for each in echoes((100,)))
    y = np.concatenate([y[:80], y[80:90] + 50, y[90:]])  # a jump that nothing foresees
    net = EchoStateNetwork(**SMALL, input_scale=0.1, table="series")
    weights = np.where((np.arange(100) >= 80) & (np.arange(100) < 90), 0.0, 1.0)
    assert net.fit(x, y).validation_error_ > 1
    assert net.fit(x, y, sample_weight=weights).validation_error_ < 0.1


def test_weights_of_sequences_are_those_of_their_steps():
    lengths = [len(each) - 5 for each in X]
    of_steps = EchoStateNetwork(**SMALL, washout=5).fit(X, Y, sample_weight=np.repeat(WEIGHTS, lengths))
    assert_same(of_steps, EchoStateNetwork(**SMALL, washout=5).fit(X, Y, sample_weight=list(WEIGHTS)))
    x, y, rows = X[0], Y[0], np.arange(30.0)
    series = EchoStateNetwork(**ONE, table="series", washout=5)
    of_rows = readout(series.fit(x, y, sample_weight=rows))
    for one, another in zip(of_rows, readout(series.fit(x, y, sample_weight=rows[5:])), strict=True):
        np.testing.assert_array_equal(one, another)


@pytest.mark.parametrize("class_weight", ["balanced", {"up": 3.0}, {"down": 0.5, "up": 2}])
def test_class_weights_are_sample_weights_of_last_steps(class_weight):
    net = EchoStateClassifier(**SMALL, class_weight=class_weight).fit(X, LABELS)
    weights = compute_sample_weight(class_weight, LABELS)
    assert_same(net, EchoStateClassifier(**SMALL).fit(X, LABELS, sample_weight=weights))
    assert not np.allclose(readout(net)[0], readout(EchoStateClassifier(**SMALL).fit(X, LABELS))[0])


@pytest.mark.parametrize("class_weight", ["balanced", {0: 3.0}, {0: 0.5, 1: 2, 2: 0}])
def test_class_weights_are_sample_weights_of_every_scored_step(class_weight):
    net = EchoStateClassifier(**SMALL, washout=4, class_weight=class_weight).fit(X, STEPS)
    weights = compute_sample_weight(class_weight, np.concatenate([each[4:] for each in STEPS]))
    assert_same(net, EchoStateClassifier(**SMALL, washout=4).fit(X, STEPS, sample_weight=weights))


def test_weights_of_classes_and_of_sequences_multiply():
    net = EchoStateClassifier(**ONE, class_weight={"up": 3.0}).fit(X, LABELS, sample_weight=WEIGHTS)
    both = WEIGHTS * np.where(LABELS == "up", 3, 1)
    assert_same(net, EchoStateClassifier(**ONE).fit(X, LABELS, sample_weight=both))


def test_balanced_classes_find_the_rare_one():
    x, y = echoes((40,) * 30)
    rare = [(each[:, 0] > 1.2).astype(int) for each in y]  # one step in nine
    truth = np.concatenate(rare) == 1

    def found(class_weight):
        net = EchoStateClassifier(**SMALL, class_weight=class_weight).fit(x, rare)
        return np.concatenate(net.predict(x))[truth].mean()

    assert found(None) < 0.5
    assert found("balanced") > 0.9


def test_a_search_over_class_weights_takes_sample_weights():
    grid = {"class_weight": [None, "balanced", {"up": 2.0}]}
    search = GridSearchCV(EchoStateClassifier(**ONE), grid, cv=2, error_score="raise")
    search.fit(X, LABELS, sample_weight=WEIGHTS + 1)
    weighted, plain = (
        EchoStateClassifier(**ONE, **search.best_params_).fit(X, LABELS, sample_weight=weights)
        for weights in (WEIGHTS + 1, None)
    )
    assert_same(search.best_estimator_, weighted)
    assert not np.allclose(readout(weighted)[0], readout(plain)[0])


def test_a_fold_may_lack_a_class_that_has_a_weight():
    weights = {"up": 2.0, "down": 1.0, "level": 5.0}
    net = EchoStateClassifier(**SMALL, class_weight=weights).fit(X, LABELS)
    assert_same(net, EchoStateClassifier(**SMALL, class_weight={"up": 2.0}).fit(X, LABELS))


@pytest.mark.parametrize(
    ("class_weight", "message"),
    [
        (
            "balance",
            "class_weight of EchoStateClassifier cannot be 'balance'; it must be None, 'balanced' or a dict with",
        ),
        ([1, 2], "class_weight of EchoStateClassifier cannot be [1, 2]; it must be None, 'balanced' or a dict with"),
        ({"up": -1}, "class_weight of 'up' cannot be -1; it must be a number, at least 0"),
        ({"up": float("nan")}, "class_weight of 'up' cannot be nan"),
        ({"up": "twice"}, "class_weight of 'up' cannot be 'twice'"),
        ({"upp": 2}, "class_weight names 'upp', which is no class of y; the classes are ['down', 'up']"),
        ({0: 1, 1: 2}, "class_weight names 0, which is no class of y; the classes are ['down', 'up']"),
        ({"up": 0, "down": 0}, "the weights of all sequences are zero"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_wrong_class_weights_are_refused_in_a_sentence(class_weight, message):
    with pytest.raises(ValueError, match=r"\w") as error:
        EchoStateClassifier(**SMALL, class_weight=class_weight).fit(X, LABELS)
    assert message in str(error.value)
    assert isinstance(error.value, LonglagError)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.ones(5), "sample_weight has shape (5,); give one per sequence (8) or one per scored step (216)"),
        (1.0, "sample_weight has shape ()"),
        (
            [np.ones(len(each)) for each in X],
            "lists of different lengths; give one per sequence (8), or one per scored step of all sequences together "
            "(216): np.concatenate(sample_weight)",
        ),
        (-WEIGHTS, "sample_weight -1.0 cannot be used; weights are numbers, at least 0"),
        (np.where(WEIGHTS == 3, np.nan, 1), "sample_weight nan cannot be used"),
        (["a"] * 8, "sample_weight holds no numbers: could not convert string to float"),
        (0 * WEIGHTS, "the weights of all sequences are zero; at least one must have a sample_weight above zero"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_wrong_sample_weights_are_refused_in_a_sentence(weights, message):
    with pytest.raises(LonglagError) as error:
        EchoStateNetwork(**SMALL).fit(X, Y, sample_weight=weights)
    assert message in str(error.value)


def test_a_series_needs_weight_where_it_trains_and_where_it_is_held_out():
    x, y, late = X[0], Y[0], np.arange(30) >= 24
    net = EchoStateNetwork(**SMALL, table="series")
    with pytest.raises(LonglagError, match="all steps that train are zero; the end of a series is held out"):
        net.fit(x, y, sample_weight=late)
    with pytest.raises(LonglagError, match="all steps that choose the penalty are zero; give one number as penalty"):
        net.fit(x, y, sample_weight=~late)
    assert EchoStateNetwork(**ONE, table="series").fit(x, y, sample_weight=~late).predict(x).shape == (30, 2)


def test_class_weights_of_real_targets_name_the_remedy():
    with pytest.raises(TypeError, match=r"has no argument class_weight='balanced': it is for EchoStateClassifier"):
        EchoStateNetwork(class_weight="balanced")


def test_class_weights_that_change_after_fit_are_named():
    net = EchoStateClassifier(**SMALL).fit(X, LABELS).set_params(class_weight="balanced")
    with pytest.warns(UserWarning, match="class_weight changed after fit, which changes nothing"):
        net.predict(X)


def test_weights_of_every_step_in_a_list_are_refused_without_the_washout_too():
    net = EchoStateNetwork(**SMALL, washout=4).fit(X, Y)
    with pytest.raises(LonglagError, match=r"np.concatenate\(\[each\[4:\] for each in sample_weight\]\)$"):
        net.score(X, Y, sample_weight=[np.ones(len(each)) for each in X])
