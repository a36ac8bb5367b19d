"""Claim 12: a slight change of the dynamics makes an ESN-style start better still."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from longlag.lecture import modified_dynamics
from longlag.lecture.tools.numbers import Verdict
from longlag.lecture.tools.trainee import trainee
from longlag.rng import stream


@pytest.fixture
def data():
    return trainee("esn_momentum", "temporal_order", 10, 0)


@pytest.mark.parametrize("names", [{"W_hy", "b_y"}, {"W_xh", "b_h", "W_hy", "b_y"}], ids=["readout", "all but W_hh"])
def test_what_is_not_named_is_not_trained(data, names):
    start, after = data.start(), modified_dynamics.trained(data, 3, names)
    assert {name for name in start if not torch.equal(start[name], after[name])} == names


def test_unrelated_draws_are_the_square_root_of_two_apart(data):
    init, shapes = data.setup.parts.init, {"W_hh": (100, 100)}
    one, two = (torch.tensor(init.draw(stream(seed, "test"), shapes)["W_hh"]) for seed in (0, 1))
    assert modified_dynamics.relative(one, two) == pytest.approx(np.sqrt(2), rel=0.1)


def course(moved=0.05, full=0.0, readout=0.5, ridge=0.5, frozen=0.25, designed=0.0):
    eigenvalues = np.array([[1.1 + 0j, 0.5], [1.2, 0.5]])
    weights = {"W_hh": [0.0, moved], "W_xh": [0.0, 0.1], "W_hy": [0.0, 1.0]}
    return modified_dynamics.Course(
        evaluations=[0, 50],
        moved=weights,
        radius=[1.1, 1.2],
        eigenvalues=eigenvalues,
        wrong=[0.75, full],
        wrong_readout=readout,
        wrong_ridge=ridge,
        wrong_frozen=frozen,
        wrong_designed=designed,
        sizes=np.geomspace(1e-3, 1, 101),
        held=0.1,
    )


def judge(good, poor=None):
    return modified_dynamics.judge({15: [good] * 5, 30: [poor or good] * 5})


def test_it_holds_with_unsolved_nets_and_the_designed_net_as_its_caveats(plain):
    assert judge(course(designed=0.5)).verdict == Verdict.HOLDS
    assert judge(course()).verdict == Verdict.CAVEAT
    assert plain(judge(course(designed=0.5))).endswith("0.0% wrong, readout alone 50.0%, others 25.0%).")
    assert plain(judge(course())).endswith(". But an echo state net designed as one errs as little.")
    some = modified_dynamics.judge(
        {15: [course(designed=0.5)] * 5, 30: [*[course(designed=0.5)] * 4, course(full=0.1, designed=0.5)]},
        range(20, 25),
    )
    assert some.caveat == "1 of 10 trained nets (seed 24 at lag 30) did not solve the task in time"
    np.testing.assert_allclose(course().strayed, [0.1, 0.0])


@pytest.mark.parametrize(
    "bad",
    [course(moved=0.2), course(readout=0.004), course(ridge=0.0), course(frozen=0.004)],
    ids=["moved far", "readout as good", "ridge as good", "frozen as good"],
)
def test_a_lag_where_little_is_gained_or_much_is_moved_is_a_lost_case(plain, bad):
    assert "? Yes for lag 30 (" in plain(judge(bad, course()))
    assert "? No for lag 15 (" in plain(judge(bad))
    assert judge(bad, course()).caveat.startswith("it does not hold for lag 15")
    assert judge(bad).verdict == Verdict.FAILS


def test_a_clear_difference_is_that_of_many_drawn_shares():
    """The second way: how much two shares of a thousand spread when they are drawn."""
    drawn = stream(1, "test").binomial(1000, [0.06, 0.03], size=(4000, 2)) / 1000
    spread = (drawn[:, 0] - drawn[:, 1]).std()
    assert modified_dynamics.clear(0.06, 0.03, 1000) == pytest.approx(0.03 / spread, rel=0.05)


def test_gaussian_changes_are_spread_as_the_table_says():
    after = torch.from_numpy(stream(2, "test").standard_normal((1, 300, 300)))
    assert modified_dynamics.held_by_largest(after, torch.zeros_like(after)) == pytest.approx(0.0845, rel=0.05)
    one = torch.zeros(1, 10, 10)
    one[0, 0, 0] = 3.0
    assert modified_dynamics.held_by_largest(one, torch.zeros_like(one)) == 1
    before = torch.tensor([[[1.0, -1.0], [0.0, 0.0]]])  # of a standard deviation of sqrt(2)
    assert modified_dynamics.sizes(before + 1, before).tolist() == pytest.approx([0.5**0.5] * 101)


def test_the_line_of_chance_crosses_no_number(draw):
    draw("modified_dynamics", judge(course(readout=0.7), course(readout=0.745)))


def test_measured_small(draw):
    finding = modified_dynamics.measure([0], lags=(10, 11), every=1, most=2)
    assert finding.verdict == Verdict.UNDECIDED
    draw("modified_dynamics", finding)
