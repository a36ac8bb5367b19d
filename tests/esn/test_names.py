"""Sequences that are DataFrames: the names of their columns are those of the fit, in the same order."""

import numpy as np
import pandas as pd
import pytest
from echoes import SMALL, echoes

from longlag.errors import LonglagError
from longlag.esn import EchoStateNetwork

ARRAYS, Y = echoes()
X = [pd.DataFrame(each, columns=["u", "v"]) for each in ARRAYS]
TURNED = [each[["v", "u"]] for each in X]


def test_columns_in_another_order_are_refused():
    net = EchoStateNetwork(**SMALL).fit(X, Y)
    assert list(net.feature_names_in_) == ["u", "v"]
    for ask in (lambda: net.predict(TURNED), lambda: net.score(TURNED, Y)):
        with pytest.raises(ValueError, match="must be in the same order as they were in fit"):
            ask()
    np.testing.assert_allclose(net.predict(X)[0], EchoStateNetwork(**SMALL).fit(ARRAYS, Y).predict(ARRAYS)[0])


def test_columns_of_one_fit_have_one_order():
    with pytest.raises(LonglagError, match=r"sequence 1 has the columns \['v', 'u'\] and sequence 0 has \['u', 'v'\]"):
        EchoStateNetwork(**SMALL).fit([X[0], *TURNED[1:]], Y)
    y = [pd.DataFrame(each, columns=["a", "b"]) for each in Y]
    with pytest.raises(LonglagError, match=r"targets 1 has the columns \['b', 'a'\]"):
        EchoStateNetwork(**SMALL).fit(X, [y[0], *(each[["b", "a"]] for each in y[1:])])


def test_arrays_after_tables_are_named_as_scikit_learn_does():
    net = EchoStateNetwork(**SMALL).fit(X, Y)
    with pytest.warns(UserWarning, match="X does not have valid feature names") as warned:
        net.score(ARRAYS, Y)
    assert len(warned) == 1
    assert not hasattr(net.fit(ARRAYS, Y), "feature_names_in_")
    assert not hasattr(net.fit([X[0], *ARRAYS[1:]], Y), "feature_names_in_")


def test_a_free_run_compares_names():
    net = EchoStateNetwork(**SMALL, feedback_scale=0.1).fit(X, Y)
    assert net.generate(3, X[0], Y[0], X[1][:3]).shape == (3, 2)
    for warm_up, inputs in [(TURNED[0], X[1][:3]), ([TURNED[0]], X[1][:3]), (X[0], TURNED[1][:3])]:
        with pytest.raises(ValueError, match="must be in the same order as they were in fit"):
            net.generate(3, warm_up, Y[0], inputs)
