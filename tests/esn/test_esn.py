"""The estimators: scikit-learn's own checks, every form of X and y, free runs, and what is refused."""

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris
from sklearn.model_selection import GridSearchCV, KFold, TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import estimator_checks_generator

from longlag.cells.reservoir import Reservoir
from longlag.errors import LonglagError
from longlag.esn import EchoStateClassifier, EchoStateNetwork
from longlag.esn.network import Network, groups
from longlag.model import Model, OutputFeedback

SMALL = {"units": 30, "random_state": 0}
# Checks that cannot hold where a table is one series, which is one sample: other rows change the output of a row.
SERIES = ("check_methods_sample_order_invariance", "check_methods_subset_invariance")


def checks():
    """scikit-learn's checks of both estimators with both readings of a table."""
    kinds = [(kind, table) for kind in (EchoStateNetwork, EchoStateClassifier) for table in ("rows", "series")]
    for kind, table in kinds:
        for estimator, check in estimator_checks_generator(kind(**SMALL, table=table)):
            name = check.func.__name__
            yield pytest.param(
                estimator, check, table == "series" and name in SERIES, id=f"{kind.__name__}-{table}-{name}"
            )


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.DataConversionWarning")  # some checks provoke it
@pytest.mark.parametrize(("estimator", "check", "cannot_hold"), list(checks()))
def test_scikit_learns_checks(estimator, check, cannot_hold):
    if cannot_hold:
        with pytest.raises(AssertionError):
            check(estimator)
    else:
        check(estimator)


LENGTHS = (30, 12, 12, 50, 21, 33, 40, 18)


def echoes(lengths=LENGTHS, seed=0):
    """Sequences [T, 2], and at each step the first input of two steps before, and both inputs' sum of one before."""
    rng = np.random.default_rng(seed)
    x = [rng.standard_normal((n, 2)) for n in lengths]
    past = [np.concatenate([np.zeros((2, 2)), each]) for each in x]
    return x, [np.stack([p[:-2, 0], p[1:-1].sum(1)], 1) for p in past]


def mackey_glass(steps):
    """The Mackey-Glass equation (tau 17), Euler steps of 0.1, each tenth kept."""
    x = [1.2] * 171
    for _ in range(10 * steps):
        x.append(x[-1] + 0.1 * (0.2 * x[-171] / (1 + x[-171] ** 10) - 0.1 * x[-1]))
    return np.array(x[171::10])


def dense(net, x):
    """The outputs of every step of a fitted net, in a dense loop of its own (the formulas of the papers)."""
    w, s = {name: value[0].numpy() for name, value in net.network_.params.items()}, net._scales
    h, z, outputs = np.zeros(net.units), np.zeros(net.n_outputs_), []
    for u in s.x.standard(x):
        fed = z @ w["W_yh"] if "W_yh" in w else 0
        h = (1 - net.leak) * h + net.leak * np.tanh(h @ w["W_hh"] + u @ w["W_xh"] + w["b_h"] + fed)
        z = (np.concatenate([h, h**2]) if net.features == "quadratic" else h) @ w["W_hy"] + w["b_y"]
        outputs.append(s.y.raw(z))
    return np.array(outputs)


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


def test_forms_of_sequences_give_the_same_numbers():
    x, y = echoes((20,) * 6)
    net = EchoStateNetwork(**SMALL).fit(x, y)
    listed, block = net.predict(x), net.predict(np.stack(x))
    assert isinstance(listed, list)
    assert block.shape == (6, 20, 2)
    np.testing.assert_array_equal(np.stack(listed), block)
    again = EchoStateNetwork(**SMALL).fit(np.stack(x), np.stack(y))
    np.testing.assert_array_equal(again.predict(np.stack(x)), block)
    single = EchoStateNetwork(**SMALL).fit(x[:1], y[:1])
    series = EchoStateNetwork(**SMALL, table="series").fit(x[0], y[0])
    np.testing.assert_array_equal(series.predict(x[0]), single.predict(x[:1])[0])
    assert series.score(x[0], y[0]) == single.score(x[:1], y[:1])
    flat = EchoStateNetwork(**SMALL, targets="every").fit(np.stack(x), np.stack(y)[..., 0])
    assert flat.predict(np.stack(x)).shape == (6, 20)


@pytest.mark.parametrize("outputs", [1, 2])
def test_targets_of_the_last_step(outputs):
    x, y = echoes(tuple(range(8, 68)))
    last = np.stack([each[-1] for each in y])
    last = last[:, 0] if outputs == 1 else last
    net = EchoStateNetwork(**SMALL, input_scale=0.1).fit(x, last)
    assert net.predict(x).shape == last.shape
    assert net.score(x, last) > 0.95
    tables = EchoStateNetwork(**SMALL, inputs_per_step=2, input_scale=0.1)
    rows = np.stack([each[-8:].ravel() for each in x])
    np.testing.assert_array_equal(
        tables.fit(rows, last).predict(rows),
        EchoStateNetwork(**SMALL, input_scale=0.1)
        .fit([each[-8:] for each in x], last)
        .predict([each[-8:] for each in x]),
    )


def test_classes_of_the_last_and_of_every_step():
    x, y = echoes(tuple(range(10, 60)))
    last = np.array(["up" if each[-1, 0] > 0 else "down" for each in y])
    net = EchoStateClassifier(**SMALL, input_scale=0.1).fit(x, last)
    assert net.score(x, last) > 0.85
    assert net.decision_function(x).shape == (50,)
    every = [np.digitize(each[:, 0], [-0.5, 0.5]) for each in y]
    net = EchoStateClassifier(**SMALL, input_scale=0.1, features="quadratic", washout=2).fit(x, every)
    assert list(net.classes_) == [0, 1, 2]
    assert [each.shape for each in net.decision_function(x)] == [(len(each), 3) for each in x]
    assert net.score(x, every) > 0.8  # chance: 0.4
    assert net.score(x, every) == np.mean(
        np.concatenate([p[2:] for p in net.predict(x)]) == np.concatenate([e[2:] for e in every])
    )


def test_digits_are_read_row_by_row():
    digits, labels = load_digits(return_X_y=True)
    net = EchoStateClassifier(100, inputs_per_step=8, features="quadratic", leak=0.5, random_state=0)
    assert net.fit(digits[:1200], labels[:1200]).score(digits[1200:], labels[1200:]) > 0.85


def test_feedback_is_that_of_the_model():
    x, y = echoes((25, 40, 9))
    net = EchoStateNetwork(**SMALL, feedback_scale=0.3, leak=0.7).fit(x, y)
    for each, found in zip(x, net.predict(x), strict=True):
        model = Model(Reservoir(30, 0.7), 2, 2, len(each), feedback=OutputFeedback())
        inputs = torch.from_numpy(net._scales.x.standard(each))[None, :, None]
        z = model.outputs(net.network_.params, inputs, torch.zeros(1, 1, dtype=int))
        np.testing.assert_allclose(found, net._scales.y.raw(z[0, :, 0].numpy()), atol=1e-7)
        np.testing.assert_allclose(found, dense(net, each), atol=1e-7)


def test_free_run_with_feedback_draws_a_sine():
    """A net without inputs, as in Jaeger 2001, section 3."""
    wave, none = np.sin(np.arange(700) / 4), np.zeros((700, 0))
    net = EchoStateNetwork(80, feedback_scale=0.6, washout=100, penalty=1e-10, random_state=0).fit(
        [none[:500]], [wave[:500]]
    )
    np.testing.assert_allclose(net.generate(100, none[:500], wave[:500]), wave[500:600], atol=0.01)


def test_free_run_with_feedback_and_inputs():
    x, y = echoes((60,))
    net = EchoStateNetwork(**SMALL, feedback_scale=0.2).fit(x, y)
    found = net.generate(20, x[0][:1], np.zeros((1, 2)), inputs=x[0][1:21])
    assert found.shape == (20, 2)
    taught = net.generate(20, x[0][:40], y[0][:40], inputs=x[0][40:])
    assert not np.allclose(found, taught)
    own = net.predict(x)[0]  # its own outputs feed back from the start: the same if the warm-up holds those
    np.testing.assert_allclose(net.generate(20, x[0][:40], own[:40], inputs=x[0][40:]), own[40:], atol=1e-6)


def test_free_run_on_its_own_predictions_continues_mackey_glass():
    s = mackey_glass(1600)[:, None]
    net = EchoStateNetwork(200, leak=0.6, washout=100, penalty=1e-10, random_state=1).fit([s[:1200]], [s[1:1201]])
    assert net.score([s[1200:-1]], [s[1201:]]) > 0.9999
    np.testing.assert_allclose(net.generate(50, s[:1300]), s[1300:1350], atol=0.02)


def test_grid_search_over_sequences():
    x, y = echoes((15,) * 12)
    grid = {"leak": [0.5, 1.0], "input_scale": [0.1, 1.0]}
    found = GridSearchCV(EchoStateNetwork(**SMALL, washout=2), grid, cv=3, error_score="raise").fit(x, y)
    assert found.best_params_ == {"leak": 1.0, "input_scale": 0.1}
    assert found.score(x, y) > 0.9
    labels = [np.digitize(each[:, 0], [0]) for each in y]
    search = GridSearchCV(EchoStateClassifier(**SMALL), {"leak": [0.5, 1.0]}, cv=KFold(3), error_score="raise")
    assert search.fit(x, labels).best_params_ == {"leak": 1.0}


def test_a_series_is_split_in_time():
    s = mackey_glass(500)[:, None]
    net = make_pipeline(StandardScaler(), EchoStateNetwork(**SMALL, table="series", washout=50))
    scores = cross_val_score(net, s[:-1], s[1:, 0], cv=TimeSeriesSplit(3), error_score="raise")
    assert min(scores) > 0.95


def test_pipeline_grid_search_and_clone_of_a_table():
    x, y = load_iris(return_X_y=True)
    pipe = make_pipeline(StandardScaler(), EchoStateClassifier(**SMALL, inputs_per_step=1))
    search = GridSearchCV(pipe, {"echostateclassifier__leak": [0.3, 1.0]}, cv=3, error_score="raise").fit(x, y)
    assert search.best_score_ > 0.9
    again = clone(search.best_estimator_).fit(x, y)
    np.testing.assert_array_equal(again.predict(x), search.predict(x))


def test_a_pickled_net_predicts_and_the_seed_decides():
    x, y = echoes()
    net = EchoStateNetwork(**SMALL).fit(x, y)
    for one, other in zip(pickle.loads(pickle.dumps(net)).predict(x), net.predict(x), strict=True):
        np.testing.assert_array_equal(one, other)
    same, another = (EchoStateNetwork(30, random_state=seed).fit(x, y).predict(x)[0] for seed in (0, 1))
    np.testing.assert_array_equal(same, net.predict(x)[0])
    assert not np.allclose(another, same)


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


X, Y = echoes()
NAN = [np.full((5, 2), np.nan)]
REFUSED = [
    ({"units": 0}, X, Y, "units of EchoStateNetwork cannot be 0; it must be a whole number, at least 1"),
    ({"leak": 0.0}, X, Y, "leak of EchoStateNetwork cannot be 0.0"),
    ({"leak": "slow"}, X, Y, "leak of EchoStateNetwork cannot be 'slow'"),
    ({"features": "cubic"}, X, Y, "it must be 'linear' or 'quadratic'"),
    ({"table": "columns"}, X, Y, "it must be 'rows' or 'series'"),
    ({"penalty": -1}, X, Y, "penalty of EchoStateNetwork cannot be"),
    ({"input_scale": (1.0,)}, X, Y, "input_scale has 1 numbers but a step has 2 inputs"),
    ({"washout": 12}, X, Y, "washout=12 leaves nothing of a sequence of 12 steps"),
    ({"washout": 1}, np.ones((9, 2)), np.ones(9), 'table="series"'),
    ({"inputs_per_step": 3}, np.ones((9, 4)), np.ones(9), "inputs_per_step=3 does not divide the 4 columns"),
    ({"inputs_per_step": 0}, np.ones((9, 4)), np.ones(9), "inputs_per_step of EchoStateNetwork cannot be 0"),
    ({"targets": "every"}, np.ones((9, 4)), np.ones(9), 'targets="every" needs sequences'),
    ({"feedback_scale": 1.0}, X, np.ones(8), "feedback_scale needs targets at every step"),
    ({}, X, Y[:-1], "X has 8 sequences and y has 7"),
    ({}, X, np.ones(7), "X has 8 sequences and y has 7 targets"),
    ({}, X, [y[:-1] for y in Y], "targets 0 have shape (29, 2) but sequence 0 has 30 steps"),
    ({}, [X[0], X[1][:, :1]], Y[:2], "sequence 1 has 1 inputs and sequence 0 has 2"),
    ({}, [X[0], X[1][:0]], Y[:2], "sequence 1 has no step"),
    ({}, [X[0], X[1][:, 0]], Y[:2], "sequence 1 has shape (12,)"),
    ({}, [X[0][:, 0]], Y[:1], "x[:, None] is one of one input"),
    ({}, [*X[:1], *NAN], Y[:2], "sequence 1 contains NaN"),
    ({}, [X[0] + 1j, X[1]], Y[:2], "Complex data not supported"),
    ({}, [[["a"]], [["b"]]], [1.0, 2.0], "sequence 0 is no array of numbers"),
    ({}, X[:1], [np.full((30, 2), np.nan)], "targets 0 contains NaN"),
    ({}, np.ones((5, 4, 2)), np.ones((5, 4)), 'say targets="last" or targets="every"'),
    ({}, X[:1], np.ones(1), "n_samples=1"),
]  # fmt: skip


@pytest.mark.parametrize(("parameters", "x", "y", "message"), REFUSED, ids=[case[3] for case in REFUSED])
def test_what_does_not_fit_is_refused_in_a_sentence(parameters, x, y, message):
    with pytest.raises(ValueError, match=r"\w") as error:
        EchoStateNetwork(**(SMALL | parameters)).fit(x, y)
    assert message in str(error.value)
    assert isinstance(error.value, LonglagError)


def test_free_runs_that_cannot_be_are_refused():
    x, y = echoes((20, 20))
    last, closed = EchoStateNetwork(**SMALL).fit(x, [1.0, 2.0]), EchoStateNetwork(**SMALL).fit(x, [e[:, 0] for e in y])
    fed = EchoStateNetwork(**SMALL, feedback_scale=1.0).fit(x, y)
    for message, net, arguments in [
        ("targets at every step", last, (5, x[0])),
        ("1 outputs cannot be the next 2 inputs", closed, (5, x[0])),
        ("steps=0 of a free run", closed, (0, x[0])),
        ("steps=2.5 of a free run", closed, (2.5, x[0])),
        ("X has 1 inputs per step", closed, (5, x[0][:, :1])),
        ("y and inputs are for nets with feedback", closed, (5, x[0], y[0])),
        ("warmed up with its targets", fed, (5, x[0])),
        ("y has 1 outputs per step", fed, (5, x[0], y[0][:, 0])),
        ("must have shape (5, 2)", fed, (5, x[0], y[0])),
    ]:
        with pytest.raises(LonglagError) as error:
            net.generate(*arguments)
        assert message in str(error.value)


def test_without_scikit_learn_one_sentence_names_the_remedy():
    code = "import sys; sys.modules['sklearn'] = None\nimport longlag.esn"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1] == (
        'ImportError: longlag.esn needs scikit-learn 1.6 or newer: pip install "longlag[sklearn]"'
    )


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


def test_a_fitted_net_can_be_copied():
    x, y = echoes()
    net = EchoStateNetwork(**SMALL).fit(x, y)
    net.predict(x)
    np.testing.assert_array_equal(copy.deepcopy(net).predict(x)[0], net.predict(x)[0])
