"""What does not fit is refused in a sentence that names the value."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from echoes import SMALL, echoes
from sklearn.utils.validation import check_array

from longlag.errors import LonglagError
from longlag.esn import EchoStateClassifier, EchoStateFeatures, EchoStateNetwork
from longlag.esn.names import BadInput

X, Y = echoes()
PADDED = np.ma.masked_greater(np.stack([X[1], X[2]]), 1.0)
GAP = np.array([[0, 1], [1, 0], [0, 0], [1, np.nan], [0, 0]])
SERIES = np.arange(9.0)
REFUSED = [
    ({"units": 0}, X, Y, "units of EchoStateNetwork cannot be 0; it must be a whole number, at least 1"),
    ({"leak": 0.0}, X, Y, "leak of EchoStateNetwork cannot be 0.0"),
    ({"leak": "slow"}, X, Y, "leak of EchoStateNetwork cannot be 'slow'"),
    ({"leak": [0.1, 0.2]}, X, Y, "leak of EchoStateNetwork cannot be [0.1, 0.2]; it must be a number, above 0 and at most 1"),
    ({}, [], [], "y holds no sequences; at least one is needed"),
    ({}, [], np.ones(1), "X holds no sequences; at least one is needed"),
    ({}, {"a": 1}, np.ones(1), "X is a dict; hand over a list of arrays, one array or a table"),
    ({}, X, dict(enumerate(Y)), "y is a dict; hand over"),
    ({}, iter(X), Y, "X is a list_iterator; hand over"),
    ({}, [x[:, :0] for x in X], Y, "X has no inputs (a width of 0), and without feedback_scale nothing else drives the net"),
    ({"features": "cubic"}, X, Y, "it must be 'linear' or 'quadratic'"),
    ({"table": "columns"}, X, Y, "it must be 'rows' or 'series'"),
    ({"penalty": -1}, X, Y, "penalty of EchoStateNetwork cannot be -1; it must be a number, at least 0, or a list of such"),
    ({"penalty": []}, X, Y, "penalty of EchoStateNetwork cannot be []; it must be a number"),
    ({"input_scale": "wide"}, X, Y, "input_scale of EchoStateNetwork cannot be 'wide'; it must be a number"),
    ({"input_scale": (1.0,)}, X, Y, "input_scale has 1 numbers but a step has 2 inputs"),
    ({"washout": 12}, X, Y, "washout=12 leaves nothing of sequence 1, which has 12 steps; take a smaller one, or leave that sequence out"),
    ({"washout": 1}, np.ones((9, 2)), np.ones(9), 'table="series"'),
    ({"inputs_per_step": 3}, np.ones((9, 4)), np.ones(9), "inputs_per_step=3 does not divide the 4 columns"),
    ({"table": "series", "inputs_per_step": 1}, np.ones((9, 2)), np.ones(9), 'inputs_per_step=1 with table="series"'),
    ({"table": "series", "targets": "last"}, np.ones((9, 2)), np.ones(9), 'targets="last" with table="series"'),
    ({"standardise": "no"}, X, Y, "standardise of EchoStateNetwork cannot be 'no'; it must be True or False"),
    ({"inputs_per_step": 0}, np.ones((9, 4)), np.ones(9), "inputs_per_step of EchoStateNetwork cannot be 0"),
    ({"targets": "every"}, np.ones((9, 4)), np.ones(9), 'targets="every" needs sequences'),
    ({"feedback_scale": 1.0}, X, np.ones(8), "feedback_scale needs targets at every step"),
    ({}, X, Y[:-1], "X has 8 sequences and y has 7"),
    ({}, X, np.ones(7), "X has 8 sequences and y has 7 targets"),
    ({}, X, [y[:-1] for y in Y], "targets 0 have shape (29, 2) but sequence 0 has 30 steps"),
    ({}, [X[0], X[1][:, :1]], Y[:2], "sequence 1 has 1 inputs and sequence 0 has 2"),
    ({}, [X[0], X[1][:0]], Y[:2], "sequence 1 has no step"),
    ({}, [X[0], X[1][:, 0]], Y[:2], "sequence 1 has shape (12,)"),
    ({}, [X[0][:, 0]], Y[:1], "sequence 0 has shape (30,); a sequence is [steps, inputs]; x.reshape(-1, 1) is one of one input"),
    ({}, [*X[:1], GAP], Y[:2], "sequence 1 contains NaN or infinity: nan at step 3, channel 1; fill or remove"),
    ({}, [X[0] + 1j, X[1]], Y[:2], "Complex data not supported"),
    ({}, [[["a"]], [["b"]]], [1.0, 2.0], "sequence 0 is no array of numbers"),
    ({}, [x.astype(str) for x in X], Y, "sequence 0 is no array of numbers: it holds texts; convert them first, as by astype(float)"),
    ({}, np.ones((8, 4, 2)).astype("S"), np.ones(8), "sequence 0 is no array of numbers: it holds texts"),
    ({}, [["1", "2"], ["3", "4"]], [1.0, 2.0], "X is no array of numbers: it holds texts; convert them first"),
    ({"table": "series"}, np.ones((9, 2)).astype("S"), np.ones(9), "X is no array of numbers: it holds texts"),
    ({}, X[:1], [np.full((30, 2), np.inf)], "y of sequence 0 contains NaN or infinity: inf at step 0, output 0 and 59 more"),
    ({}, np.ones((5, 4, 2)), np.ones((5, 4)), 'say targets="last" or targets="every"'),
    ({}, X[:1], np.ones(1), "n_samples=1"),
    ({}, SERIES, SERIES, "X has shape (9,), without an axis of inputs. Reshape your data: X.reshape(-1, 1) is a series"),
    ({}, pd.Series(SERIES, index=range(5, 14)), SERIES, "X has shape (9,), without an axis of inputs"),
    ({}, SERIES[:0], SERIES[:0], "X has shape (0,), without an axis of inputs"),
    ({"targets": "last"}, X, Y, "y holds targets of every step, or lists of different lengths, where each sequence has one"),
    ({"targets": "last"}, X, [each[:, 0] for each in Y], "the last steps of sequences are [each[-1] for each in y]"),
    ({"targets": "last"}, [each[:9] for each in X], [each[:9] for each in Y], "y holds targets of every step"),
    ({"targets": "last"}, np.ones((3, 4, 2)), np.ones((3, 4, 2)), "y holds targets of every step"),
    ({"inputs_per_step": 2}, np.ones((8, 4)), Y, "where each row has one target"),
    ({"table": "series"}, np.ones((8, 4)), Y, "where each row has one target"),
    ({}, X, pd.Series(Y), "y is a Series of 8 objects; hand over a list: list(y)"),
    ({}, pd.Series(X), SERIES[:8], "X is a Series of 8 objects; hand over a list of sequences: list(X)"),
    ({}, np.ones((2, 3, 4, 5)), np.ones(2), "X has shape (2, 3, 4, 5); sequences are an array [N, steps, inputs] or a list"),
    ({}, [np.ones((3, 4, 5))] * 2, np.ones(2), "X has shape (2, 3, 4, 5); sequences are"),
    ({}, list(SERIES), SERIES, "[X.reshape(-1, 1)] is a list of one sequence"),
    ({}, GAP, np.ones(5), "Input X contains NaN or infinity: nan at sequence (row) 3, column 1"),
    ({"table": "series"}, GAP, np.ones(5), "Input X contains NaN or infinity: nan at step 3, channel 1"),
    ({"table": "series"}, GAP[:, :1], GAP[:, 1], "Input y contains NaN or infinity: nan at step 3; fill"),
    ({}, X[:5], GAP[:, 1], "Input y contains NaN or infinity: nan at sequence 3; fill"),
    ({}, PADDED, np.ones(2), "X has masked entries; leave these steps out: sequences of unequal length are a list"),
    ({}, list(PADDED), np.ones(2), "sequence 0 has masked entries"),
    ({"table": "series"}, PADDED[0], np.ones(12), "X has masked entries"),
    ({}, X[1:3], list(PADDED), "y of sequence 0 has masked entries"),
    ({}, X[:5], np.ma.masked_equal(np.arange(5.0), 2), "y has masked entries"),
    ({}, X[:2], ["up", "down"], "targets are words, such as 'up', and EchoStateNetwork predicts numbers; EchoStateClassifier"),
    ({}, X[:2], ["1", "2"], "targets are words, such as '1'"),
    ({}, X[:2], np.array([b"1", b"2"]), "targets are words, such as b'1'"),
    ({}, X, [["up"] * len(each) for each in X], "targets are words, such as 'up'"),
    ({}, X, [np.array(["up"] * len(each), object) for each in X], "targets are words, such as 'up'"),
    ({}, [X[1], X[2]], [[1.0] * 12] * 2, 'y of shape (2, 12) could be 12 targets of the last step or one target at each'),
    ({}, [torch.ones(4, 2).bfloat16()] * 2, [1.0, 2.0], "sequence 0 cannot be made an array of numpy: "),
    ({}, X[:2], torch.ones(2).requires_grad_(), "y cannot be made an array of numpy: Can't call numpy() on Tensor that requires grad"),
    ({}, X[:2], [torch.ones(len(each)).bfloat16() for each in X[:2]], "y of sequence 0 cannot be made an array of numpy: "),
    ({}, X[:2], [[1.0] * 30, [1.0] * 11], "targets 1 have shape (11,) but sequence 1 has 12 steps"),
]  # fmt: skip


@pytest.mark.parametrize("form", [np.ndarray, pd.DataFrame])
def test_objects_that_are_digits_are_the_numbers_that_scikit_learn_takes_them_for(form):
    """Texts are refused (REFUSED); a table of objects is none, here as in `check_array`."""
    table = np.arange(1.0, 25.0).reshape(6, 4)
    objects = table.astype(str).astype(object)
    made = objects if form is np.ndarray else form(objects, dtype=object)
    assert (check_array(made) == table).all()
    with pytest.raises(ValueError, match="not compatible with arrays of bytes/strings"):
        check_array(table.astype(str))
    net = EchoStateNetwork(**SMALL, inputs_per_step=2)
    expected = net.fit(table, np.arange(6.0)).predict(table)
    assert (net.fit(made, np.arange(6.0)).predict(made) == expected).all()
    series = [each.reshape(2, 2) for each in objects]
    assert (net.set_params(inputs_per_step=None).fit(series, np.arange(6.0)).predict(series) == expected).all()


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


@pytest.mark.parametrize("y", [SERIES[:8] + 0.5, [each[:, 0] for each in Y]], ids=["last", "every"])
def test_real_targets_of_a_classifier_name_the_other_class(y):
    with pytest.raises(LonglagError, match=r"Unknown label type: continuous.* EchoStateNetwork takes real targets"):
        EchoStateClassifier(**SMALL).fit(X, y)


def test_a_number_in_a_list_is_not_taken_for_parameters_of_torch():
    with pytest.raises(LonglagError) as error:
        EchoStateClassifier(leak=[0.1, 0.2]).fit(X, [0, 1] * 4)
    assert str(error.value).endswith("at most 1")


def test_a_single_class_is_refused():
    with pytest.raises(LonglagError, match="y has one class alone, up"):
        EchoStateClassifier(**SMALL).fit(X, ["up"] * 8)


def test_more_connections_than_units_are_named():
    with pytest.warns(UserWarning, match="connections=10 of 5 units: each hears all units") as warned:
        EchoStateNetwork(5, random_state=0).fit(X, Y)
    assert warned[0].filename == __file__  # the line of the user, not one of longlag


def test_parameters_of_tables_that_sequences_ignore_are_named():
    with pytest.warns(UserWarning, match="inputs_per_step and table of a table: X holds sequences") as warned:
        EchoStateNetwork(**SMALL, inputs_per_step=2, table="series").fit(X, Y)
    assert warned[0].filename == __file__


def test_parameters_that_change_after_fit_are_named():
    net = EchoStateNetwork(**SMALL).fit(X, Y)
    before = net.predict(X)[0]
    with pytest.warns(UserWarning, match=r"leak, penalty changed after fit, which changes nothing") as warned:
        np.testing.assert_array_equal(net.set_params(leak=0.5, penalty=1.0).predict(X)[0], before)
    assert warned[0].filename == __file__
    with pytest.raises(LonglagError, match="leak of EchoStateNetwork cannot be 7"):
        net.set_params(leak=7).predict(X)


@pytest.mark.parametrize(
    ("feedback", "ask"),
    [
        (0.0, lambda net: net.predict(X)),
        (0.0, lambda net: net.score(X, Y)),
        (0.1, lambda net: net.generate(3, X[0], Y[0], X[1][:3])),
    ],
    ids=["predict", "score", "generate"],
)
def test_every_call_after_a_change_warns_at_its_own_line(feedback, ask):
    net = EchoStateNetwork(**SMALL, feedback_scale=feedback).fit(X, Y).set_params(standardise=False)
    with pytest.warns(UserWarning, match="standardise changed after fit") as warned:
        ask(net)
    assert [each.filename for each in warned] == [__file__]


@pytest.mark.parametrize("kind", [EchoStateNetwork, EchoStateClassifier])
@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda kind: kind(unit=3), "unknown argument of {}.unit.; did you mean 'units'\\?"),
        (lambda kind: kind(sr=0.9), "{}has no argument sr=0.9: it is called spectral_radius"),
        (lambda kind: kind(30, 0.9), "{}takes only units by position, not 0.9 too"),
        (lambda kind: kind().fit(X), r"{}needs y: fit\(X, y\)"),
        (lambda kind: kind().fit(X, Y, weights=None), "unknown argument of {}.weights.; did you mean 'sample_weight'"),
    ],
)
def test_calls_that_do_not_fit_name_the_public_class(kind, call, words):
    with pytest.raises(TypeError, match=words.format(rf"{kind.__name__}(\.fit)? ")) as error:
        call(kind)
    assert isinstance(error.value, LonglagError)


def test_what_a_free_run_gets_names_what_is_wrong():
    x, y = X[0], Y[0]
    net = EchoStateNetwork(**SMALL, feedback_scale=0.1).fit([x], [y])
    for arguments, words in [
        (
            (3, x, np.full_like(y, np.nan), x[:3]),
            "y of sequence 0 contains NaN or infinity: nan at step 0, output 0 and",
        ),
        ((5, x, y, GAP), "inputs contains NaN or infinity: nan at step 3, channel 1; fill"),
        ((3, x[:, 0], y, x[:3]), "x.reshape(-1, 1) is one of one input"),
        ((3, np.ma.masked_greater(x, 1.0), y, x[:3]), "sequence 0 has masked entries"),
        ((3, x, np.ma.masked_greater(y, 1.0), x[:3]), "y of sequence 0 has masked entries"),
    ]:
        with pytest.raises(LonglagError) as error:
            net.generate(*arguments)
        assert words in str(error.value)


@pytest.mark.parametrize("kind", [EchoStateNetwork, EchoStateClassifier])
def test_a_score_is_of_targets_like_those_of_the_fit(kind):
    labels = [y[:, 0] > 0 for y in Y]
    last, every = kind(**SMALL).fit(X, [each[-1] for each in labels]), kind(**SMALL).fit(X, labels)
    for net, y, words in [
        (last, labels, "y holds targets of every step, or lists of different lengths, where each sequence has one"),
        (last, np.ma.masked_array(np.ones(8), [1] + [0] * 7), "y has masked entries"),
        (every, [each[-1] for each in labels], "targets 0 have shape () but sequence 0 has 30 steps"),
        (every, dict(enumerate(labels)), "y is a dict; hand over"),
    ]:
        with pytest.raises(BadInput) as error:
            net.score(X, y)
        assert words in str(error.value)


def test_masked_weights_are_refused():
    y, weights = np.arange(8.0), np.ma.masked_equal(np.arange(8), 2)
    net = EchoStateNetwork(**SMALL).fit(X, y)
    for ask in (net.fit, net.score):
        with pytest.raises(BadInput, match="sample_weight has masked entries"):
            ask(X, y, sample_weight=weights)


def test_one_hot_classes_name_the_remedy():
    with pytest.raises(
        BadInput, match=r"a step has 2 targets; classes are one label each: of one-hot rows, y\.argmax\(-1\)"
    ):
        EchoStateClassifier(**SMALL).fit(X, np.eye(2)[[0, 1] * 4])


@pytest.mark.parametrize("size", [1e155, 1e308])
@pytest.mark.parametrize(
    "fit",
    [
        lambda size: EchoStateNetwork(**SMALL).fit(X, [np.stack([y[:, 0], size * np.sign(y[:, 1])], 1) for y in Y]),
        lambda size: EchoStateNetwork(**SMALL).fit([np.sign(x) * [1, size] for x in X], Y),
        lambda size: EchoStateClassifier(**SMALL).fit([np.sign(x) * [1, size] for x in X], [0, 1] * 4),
        lambda size: EchoStateFeatures(**SMALL).fit([np.sign(x) * [1, size] for x in X]),
    ],
    ids=["targets", "inputs", "of a classifier", "of features"],
)
def test_numbers_whose_squares_are_not_finite_are_refused(fit, size):
    words = f"up to {size:.3g} in channel 1, are too large for their squares to be finite; scale X and y"
    with pytest.raises(BadInput) as error:
        fit(size)
    assert words in str(error.value)
    fit(1e150)


@pytest.mark.parametrize(
    ("kind", "given", "refused"),
    [
        (EchoStateClassifier, (X, ["down", "up"] * 4), (X, ["up"] * 8)),
        (EchoStateClassifier, (X, ["down", "up"] * 4), ([x * 1e200 for x in X], ["a", "b", "c", "d"] * 2)),
        (EchoStateClassifier, (X, ["down", "up"] * 4), ([x[:, :1] for x in X], ["a", "b", "c", "d"] * 2, [0] * 8)),
        (EchoStateNetwork, (X, Y), ([x[:, :1] for x in X], [y * 1e200 for y in Y])),
        (EchoStateFeatures, (X,), ([x[:, :1] * 1e200 for x in X],)),
    ],
    ids=["one class", "large inputs", "no weight", "large targets", "features"],
)
def test_a_fit_that_is_refused_leaves_the_one_before(kind, given, refused):
    net = kind(**SMALL)
    first = dict(vars(net))
    with pytest.raises(BadInput):
        net.fit(*refused)
    assert vars(net) == first
    ask = net.fit(*given).transform if kind is EchoStateFeatures else net.fit(*given).predict
    before, fitted = ask(X), dict(vars(net))
    with pytest.raises(BadInput):
        net.fit(*refused)
    assert vars(net).keys() == fitted.keys()
    assert all(vars(net)[name] is value for name, value in fitted.items())
    for found, wanted in zip(ask(X), before, strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_a_reservoir_that_cannot_be_drawn_leaves_the_scale_of_the_fit_before():
    features = EchoStateFeatures(**SMALL).fit(X)
    before = features.transform(X)
    with pytest.raises(BadInput, match="input_scale has 3 numbers"):
        features.set_params(input_scale=[1.0, 2.0, 3.0]).fit([5 + 9 * x for x in X])
    np.testing.assert_array_equal(features.set_params(input_scale=EchoStateFeatures().input_scale).transform(X), before)
