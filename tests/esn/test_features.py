"""A reservoir as a feature map: its states, in the forms of X, in pipelines and searches of scikit-learn."""

import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn
from echoes import SMALL, echoes, mackey_glass
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from longlag.errors import LonglagError
from longlag.esn import EchoStateFeatures, EchoStateNetwork

X, Y = echoes()
LABELS = np.array(["up" if each[-1, 0] > 0 else "down" for each in Y])


def states(features, x):
    """The states after all steps of x [T, X], in a loop of its own (the formula of the papers)."""
    w = {name: value[0].numpy() for name, value in features.network_.params.items()}
    steps = np.concatenate(X)
    h, found = np.zeros(features.units), []
    for u in (x - steps.mean(0)) / steps.std(0):
        h = (1 - features.leak) * h + features.leak * np.tanh(h @ w["W_hh"] + u @ w["W_xh"] + w["b_h"])
        found.append(np.concatenate([h, h**2]) if features.features == "quadratic" else h)
    return np.array(found)


@pytest.mark.parametrize("kind", ["linear", "quadratic"])
def test_features_are_the_states(kind):
    made = EchoStateFeatures(**SMALL, leak=0.6, features=kind, washout=4).fit(X)
    alone = [states(made, each) for each in X]
    np.testing.assert_allclose(made.transform(X), [each[-1] for each in alone], atol=1e-12)
    means = made.set_params(states="mean").transform(X)
    np.testing.assert_allclose(means, [each[4:].mean(0) for each in alone], atol=1e-12)
    for each, found in zip(alone, made.set_params(states="every").transform(X), strict=True):
        np.testing.assert_allclose(found, each, atol=1e-12)


@pytest.mark.parametrize("choice", ["last", "mean", "every"])
def test_long_sequences_stream_in_blocks(choice, monkeypatch):
    whole = EchoStateFeatures(**SMALL, states=choice, washout=3).fit_transform(X)
    monkeypatch.setattr("longlag.esn.network._BLOCK_NUMBERS", 500)
    cut = EchoStateFeatures(**SMALL, states=choice, washout=3).fit_transform(X)
    for one, other in zip(whole, cut, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)


def test_ridge_regression_of_the_features_is_the_network():
    settings = {**SMALL, "leak": 0.7}
    net = EchoStateNetwork(**settings, penalty=0.01).fit(X, Y)
    rows = np.concatenate(EchoStateFeatures(**settings, states="every").fit_transform(X))
    readout = make_pipeline(StandardScaler(), Ridge(0.01 * len(rows))).fit(rows, np.concatenate(Y))
    np.testing.assert_allclose(readout.predict(rows), np.concatenate(net.predict(X)), atol=1e-9)


def test_features_have_the_form_of_the_sequences():
    x, _ = echoes((20,) * 6)
    made = EchoStateFeatures(**SMALL, states="every").fit(x)
    listed, block = made.transform(x), made.transform(np.stack(x))
    assert [each.shape for each in listed] == [(20, 30)] * 6
    np.testing.assert_array_equal(np.stack(listed), block)
    series = EchoStateFeatures(**SMALL, states="every", table="series").fit_transform(x[0])
    np.testing.assert_array_equal(series, EchoStateFeatures(**SMALL, states="every").fit_transform(x[:1])[0])
    rows = np.stack([each.ravel() for each in x])
    table = EchoStateFeatures(**SMALL, inputs_per_step=2).fit_transform(rows)
    np.testing.assert_array_equal(table, EchoStateFeatures(**SMALL).fit_transform(x))
    assert table.shape == (6, 30)


def test_a_search_over_sequences_with_a_readout_of_scikit_learns():
    x, y = echoes(tuple(range(10, 60)))
    labels = np.array(["up" if each[-1, 0] > 0 else "down" for each in y])
    readout = LogisticRegression(C=10, max_iter=1000)
    pipe = make_pipeline(EchoStateFeatures(**SMALL, input_scale=0.2), StandardScaler(), readout)
    grid = {"echostatefeatures__leak": [0.3, 1.0], "echostatefeatures__states": ["last", "mean"]}
    search = GridSearchCV(pipe, grid, cv=3, error_score="raise").fit(x, labels)
    assert search.best_params_ == {"echostatefeatures__leak": 1.0, "echostatefeatures__states": "last"}
    assert search.best_score_ > 0.85
    assert search.predict_proba(x[:4]).shape == (4, 2)


def test_a_series_is_split_in_time():
    s = mackey_glass(500)[:, None]
    net = make_pipeline(EchoStateFeatures(**SMALL, table="series", states="every"), Ridge(1e-3))
    scores = cross_val_score(net, s[:-1], s[1:, 0], cv=TimeSeriesSplit(3), error_score="raise")
    assert min(scores) > 0.9


def test_columns_of_a_table_have_names():
    x, y = load_iris(return_X_y=True)
    features = EchoStateFeatures(5, connections=2, features="quadratic", inputs_per_step=1, random_state=0)
    table = features.set_output(transform="pandas").fit_transform(pd.DataFrame(x, index=range(7, 157)))
    assert list(table.columns) == list(features.get_feature_names_out()) == [f"echostatefeatures{i}" for i in range(10)]
    assert list(table.index) == list(range(7, 157))
    assert make_pipeline(features, LogisticRegression(max_iter=1000)).fit(table, y).score(table, y) > 0.8


@pytest.mark.parametrize("x", [X, np.stack([X[1], X[2]])], ids=["list", "array"])
def test_states_of_every_step_of_sequences_are_no_table(x):
    asked = EchoStateFeatures(**SMALL, states="every").set_output(transform="pandas")
    with pytest.raises(
        LonglagError, match=r'set_output\(transform="pandas"\) needs one row per sequence, and states="ev'
    ):
        asked.fit_transform(x)
    with sklearn.config_context(transform_output="pandas"), pytest.raises(LonglagError, match="one row per sequence"):
        EchoStateFeatures(**SMALL, states="every").fit_transform(x)
    assert len(asked.set_output(transform="default").transform(x)) == len(x)


def test_the_seed_decides_and_a_copy_has_the_same_states():
    made = EchoStateFeatures(**SMALL).fit(X, LABELS)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(made)).transform(X), made.transform(X))
    np.testing.assert_array_equal(EchoStateFeatures(**SMALL).fit_transform(X), made.transform(X))
    assert not np.allclose(EchoStateFeatures(30, random_state=1).fit_transform(X), made.transform(X))


@pytest.mark.parametrize(
    ("parameters", "x", "message"),
    [
        (
            {"states": "first"},
            X,
            "states of EchoStateFeatures cannot be 'first'; it must be 'last' or 'mean' or 'every'",
        ),
        ({"leak": 0}, X, "leak of EchoStateFeatures cannot be 0"),
        (
            {"table": "series"},
            X[0],
            'states="last" with table="series" makes one row of all steps; take states="every"',
        ),
        ({"table": "series", "states": "mean"}, X[0], 'states="mean" with table="series"'),
        ({"states": "every", "inputs_per_step": 2}, np.ones((5, 4)), 'states="every" needs sequences as a list'),
        ({"states": "mean", "washout": 12}, X, "washout=12 leaves nothing of sequence 1, which has 12 steps"),
        ({}, [x[:, :0] for x in X], "X has no inputs (a width of 0): nothing drives the reservoir"),
        ({"input_scale": (1.0,)}, X, "input_scale has 1 numbers but a step has 2 inputs"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(parameters, x, message):
    with pytest.raises(LonglagError) as error:
        EchoStateFeatures(**(SMALL | parameters)).fit(x)
    assert message in str(error.value)


def test_transform_refuses_what_the_fit_did_not_have():
    made = EchoStateFeatures(**SMALL)
    with pytest.raises(NotFittedError):
        made.transform(X)
    made.fit(X)
    with pytest.raises(LonglagError, match="X has 1 features, but EchoStateFeatures is expecting 2"):
        made.transform([each[:, :1] for each in X])
    with pytest.raises(LonglagError, match="hand over one sequence as"):
        made.transform(X[0])
    with pytest.raises(LonglagError, match="washout=20 leaves nothing of sequence 1"):
        made.set_params(states="mean", washout=20).transform(X)


def test_parameters_that_change_after_fit_are_named():
    made = EchoStateFeatures(**SMALL).fit(X)
    before = made.transform(X)
    with pytest.warns(UserWarning, match="leak changed after fit, which changes nothing") as warned:
        np.testing.assert_array_equal(made.set_params(leak=0.5).transform(X), before)
    assert warned[0].filename == __file__


def test_a_penalty_belongs_to_the_readout():
    with pytest.raises(TypeError, match="EchoStateFeatures has no argument penalty=1: it belongs to the readout"):
        EchoStateFeatures(penalty=1)


def test_a_table_whose_rows_are_single_steps_is_named():
    with pytest.warns(UserWarning, match="is a table, whose rows are sequences of one step") as warned:
        EchoStateFeatures(**SMALL).fit(X[0])
    assert warned[0].filename == __file__
