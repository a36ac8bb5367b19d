"""What does not fit is refused in a sentence that names the value."""

import subprocess
import sys

import numpy as np
import pytest
from echoes import SMALL, echoes

from longlag.errors import LonglagError
from longlag.esn import EchoStateNetwork

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


def test_without_scikit_learn_one_sentence_names_the_remedy():
    code = "import sys; sys.modules['sklearn'] = None\nimport longlag.esn"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1] == (
        'ImportError: longlag.esn needs scikit-learn 1.6 or newer: pip install "longlag[sklearn]"'
    )
