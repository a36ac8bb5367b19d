"""Searches, pipelines and splits of scikit-learn over sequences, series and tables."""

import numpy as np
from echoes import SMALL, echoes, mackey_glass
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV, KFold, TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from longlag.esn import EchoStateClassifier, EchoStateNetwork


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
