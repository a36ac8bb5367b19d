"""Free runs, with and without feedback, and those that cannot be."""

import numpy as np
import pandas as pd
import pytest
from echoes import SMALL, echoes, mackey_glass

from longlag.errors import LonglagError
from longlag.esn import EchoStateNetwork


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


@pytest.mark.parametrize("steps", [1, 40])
@pytest.mark.parametrize("outputs", [None, 1, 2])
def test_the_targets_of_a_warm_up_may_be_a_list_of_one_as_the_warm_up_may(outputs, steps):
    (x,), (y,) = echoes((60,))
    y = y[:, 0] if outputs is None else y[:, :outputs]
    net = EchoStateNetwork(**SMALL, feedback_scale=0.2).fit([x], [y])
    warm, taught, later = x[:steps], y[:steps], x[steps : steps + 5]
    wanted = net.generate(5, warm, taught, later)
    frame = pd.DataFrame(taught)
    for given in ([taught], taught[None], [taught.tolist()], taught.tolist(), (taught,), frame, [frame]):
        np.testing.assert_array_equal(net.generate(5, [warm], given, later), wanted)


def test_targets_of_a_warm_up_of_another_shape_are_refused_without_a_remedy_of_fit():
    (x,), (y,) = echoes((20,))
    net = EchoStateNetwork(**SMALL, feedback_scale=0.2).fit([x], [y])
    for wrong in ([y, y], [y[:9]], [[y]], 3.0, []):
        with pytest.raises(
            LonglagError, match=r"y has shape .* and the warm-up has 20 steps; its targets are \[steps\]"
        ):
            net.generate(5, [x], wrong, x[:5])
    with pytest.raises(LonglagError, match="rows of different lengths"):
        net.generate(5, [x], [[1.0], [1.0, 2.0]], x[:5])


def test_free_run_on_its_own_predictions_continues_mackey_glass():
    s = mackey_glass(1600)[:, None]
    net = EchoStateNetwork(200, leak=0.6, washout=100, penalty=1e-10, random_state=1).fit([s[:1200]], [s[1:1201]])
    assert net.score([s[1200:-1]], [s[1201:]]) > 0.9999
    np.testing.assert_allclose(net.generate(50, s[:1300]), s[1300:1350], atol=0.02)


def test_a_warm_up_shorter_than_the_washout_is_noticed():
    s = mackey_glass(400)[:, None]
    net = EchoStateNetwork(20, washout=100, random_state=1).fit([s[:-1]], [s[1:]])
    with pytest.warns(
        UserWarning, match=r"the warm-up is shorter than the washout \(3 of 100 steps\): .*hand over more"
    ):
        net.generate(5, s[:3])


def test_a_net_without_inputs_is_told_how_to_say_so():
    net = EchoStateNetwork(20, feedback_scale=0.6, random_state=1).fit([np.zeros((50, 0))], [np.sin(np.arange(50))])
    with pytest.raises(
        LonglagError, match=r"is None, no array; where a net has no input, X is np\.zeros\(\(steps, 0\)\)"
    ):
        net.generate(5, None, np.ones(20))


def test_free_runs_that_cannot_be_are_refused():
    x, y = echoes((20, 20))
    last, closed = EchoStateNetwork(**SMALL).fit(x, [1.0, 2.0]), EchoStateNetwork(**SMALL).fit(x, [e[:, 0] for e in y])
    fed = EchoStateNetwork(**SMALL, feedback_scale=1.0).fit(x, y)
    for message, net, arguments in [
        ("targets at every step", last, (5, x[0])),
        ("1 outputs cannot be the next 2 inputs", closed, (5, x[0])),
        ("steps=0 of a free run", closed, (0, x[0])),
        ("generate takes one warm-up sequence, not 2; call it for each", closed, (5, x)),
        ("generate takes one warm-up sequence, not 3", closed, (5, np.zeros((3, 4, 2)))),
        ("steps=an array of shape (20, 2) of a free run", closed, (x[0], 3)),
        ("steps=2.5 of a free run", closed, (2.5, x[0])),
        ("steps=True of a free run", closed, (True, x[0])),
        ("X has 1 inputs per step", closed, (5, x[0][:, :1])),
        ("y and inputs are for nets with feedback", closed, (5, x[0], y[0])),
        ("warmed up with its targets", fed, (5, x[0])),
        ("y has 1 outputs per step", fed, (5, x[0], y[0][:, 0])),
        ("must have shape (5, 2)", fed, (5, x[0], y[0])),
    ]:
        with pytest.raises(LonglagError) as error:
            net.generate(*arguments)
        assert message in str(error.value)


def test_the_score_of_a_net_with_feedback_says_what_it_starts_from():
    wave, none = np.sin(np.arange(500) / 4), np.zeros((500, 0))
    settings = {"feedback_scale": 0.6, "washout": 100, "penalty": 1e-10, "random_state": 0}
    net = EchoStateNetwork(80, **settings).fit([none], [wave])
    with pytest.warns(UserWarning, match="starts from outputs of zero.*judge such a net by generate") as warned:
        assert net.score([none], [wave]) < 0
    assert [each.filename for each in warned] == [__file__]
