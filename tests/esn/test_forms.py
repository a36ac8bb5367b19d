"""Every form of X and y: lists, arrays, tables, series; targets of the last and of every step; classes."""

import numpy as np
import pytest
from echoes import SMALL, echoes
from sklearn.datasets import load_digits

from longlag.errors import LonglagError
from longlag.esn import EchoStateClassifier, EchoStateFeatures, EchoStateNetwork
from longlag.esn.names import BadInput


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


KINDS = [(EchoStateNetwork, EchoStateNetwork.predict), (EchoStateFeatures, EchoStateFeatures.transform)]
TABLE = np.random.default_rng(0).standard_normal((9, 8))


@pytest.mark.parametrize(("kind", "ask"), KINDS)
@pytest.mark.parametrize("changed", [1, 2, 8, None])
def test_steps_of_another_size_than_at_fit_are_refused(kind, ask, changed):
    net = kind(**SMALL, inputs_per_step=4).fit(TABLE, TABLE[:, 0])
    before = ask(net, TABLE)
    words = rf"inputs_per_step={changed} makes steps of {changed or 8} inputs .* fitted to steps of 4; set_params"
    with pytest.raises(BadInput, match=words):
        ask(net.set_params(inputs_per_step=changed), TABLE)
    np.testing.assert_array_equal(ask(net.set_params(inputs_per_step=4), TABLE), before)


@pytest.mark.parametrize(("kind", "ask"), KINDS)
@pytest.mark.parametrize("width", [1, 2, 8])
def test_sequences_after_a_fit_to_rows_need_its_steps(kind, ask, width):
    net = kind(**SMALL, inputs_per_step=4).fit(TABLE, TABLE[:, 0])
    steps = TABLE.reshape(9, -1, 4)
    for given in (steps, list(steps)):
        np.testing.assert_array_equal(ask(net, given), ask(net, TABLE))
    for given in (TABLE.reshape(9, -1, width), [TABLE[:, :width]]):
        with pytest.raises(BadInput, match=f"X has {width} features, but .* expecting 4 features .*hand over steps"):
            ask(net, given)


@pytest.mark.parametrize(("kind", "ask"), KINDS)
@pytest.mark.parametrize("inputs_per_step", [4, 8])
def test_rows_and_a_series_do_not_follow_each_other(kind, ask, inputs_per_step):
    every = {"states": "every"} if kind is EchoStateFeatures else {}
    last = {"states": "last"} if kind is EchoStateFeatures else {}
    rows = kind(**SMALL, inputs_per_step=inputs_per_step).fit(TABLE, TABLE[:, 0])
    with pytest.raises(BadInput, match=r'table="series" takes .* fitted with; set_params\(table="rows"\)'):
        ask(rows.set_params(table="series", inputs_per_step=None, **every), TABLE)
    series = kind(**SMALL, table="series", **every).fit(TABLE, TABLE[:, 0])
    with pytest.raises(BadInput, match=r'table="rows" takes .* fitted with; set_params\(table="series"\)'):
        ask(series.set_params(table="rows", inputs_per_step=inputs_per_step, **last), TABLE)


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


def test_labels_of_every_step_may_be_lists_of_words():
    x, y = echoes()
    words = [["up" if value > 0 else "down" for value in each[:, 0]] for each in y]
    net = EchoStateClassifier(**SMALL, input_scale=0.1).fit(x, words)
    arrays = EchoStateClassifier(**SMALL, input_scale=0.1).fit(x, [np.array(each) for each in words])
    assert [list(each) for each in net.predict(x)] == [list(each) for each in arrays.predict(x)]
    assert net.score(x, words) == arrays.score(x, words) > 0.85
    equal = EchoStateClassifier(**SMALL).fit([each[-12:] for each in x], [each[-12:] for each in words])
    assert equal.predict([x[0]])[0].shape == (30,)


def test_numbers_of_every_step_may_be_nested_lists():
    x, y = echoes()
    arrays = EchoStateNetwork(**SMALL).fit(x, y)
    nested = EchoStateNetwork(**SMALL).fit([each.tolist() for each in x], [each.tolist() for each in y])
    np.testing.assert_array_equal(nested.predict(x)[0], arrays.predict(x)[0])
    flat = EchoStateNetwork(**SMALL).fit(x, [each[:, 0].tolist() for each in y])
    assert flat.predict(x)[0].shape == (30,)
    last = EchoStateNetwork(**SMALL).fit(x, [each[-1].tolist() for each in y])
    assert last.predict(x).shape == (8, 2)


@pytest.mark.parametrize("kind", [EchoStateNetwork, EchoStateClassifier])
def test_a_weight_per_sequence_counts_for_each_of_its_steps(kind):
    x, y = echoes((10, 20, 30))
    targets = [each[:, 0] if kind is EchoStateNetwork else each[:, 0] > 0 for each in y]
    net = kind(**SMALL, washout=12).fit(x[1:], targets[1:])
    weights = [5.0, 1.0, 3.0]
    weighted = net.score(x, targets, sample_weight=weights)
    assert weighted == net.score(x, targets, sample_weight=np.repeat([1.0, 3.0], [8, 18]))
    assert weighted == pytest.approx(net.score(x[:2] + x[2:] * 3, targets[:2] + targets[2:] * 3))
    with pytest.raises(LonglagError, match=r"shape \(5,\); give one per sequence \(3\) or one per scored step \(26\)"):
        net.score(x, targets, sample_weight=np.ones(5))


def test_a_weight_per_row_of_a_series_leaves_the_washout_out():
    x, y = (each[0] for each in echoes((30,)))
    net, weights = EchoStateNetwork(**SMALL, table="series", washout=10).fit(x, y), np.arange(30.0)
    assert net.score(x, y, sample_weight=weights) == net.score(x, y, sample_weight=weights[10:])
    with pytest.raises(LonglagError, match=r"give one per row \(30\) or one per scored step \(20\)"):
        net.score(x, y, sample_weight=[1.0])
