"""The estimators pass scikit-learn's own checks, but for those that cannot hold for a series."""

import pytest
from echoes import SMALL
from sklearn.utils.estimator_checks import estimator_checks_generator

from longlag.esn import EchoStateClassifier, EchoStateFeatures, EchoStateNetwork

# Checks that cannot hold where a table is one series, which is one sample: other rows change the output of a row.
SERIES = ("check_methods_sample_order_invariance", "check_methods_subset_invariance")


ESTIMATORS = {
    **{f"{kind.__name__}-{table}": kind(**SMALL, table=table)
       for kind in (EchoStateNetwork, EchoStateClassifier) for table in ("rows", "series")},
    "EchoStateFeatures-last": EchoStateFeatures(**SMALL),
    "EchoStateFeatures-mean": EchoStateFeatures(**SMALL, states="mean"),
    "EchoStateFeatures-series": EchoStateFeatures(**SMALL, states="every", table="series"),
}  # fmt: skip


def checks():
    """scikit-learn's checks of all estimators, with both readings of a table."""
    for name, estimator in ESTIMATORS.items():
        for each, check in estimator_checks_generator(estimator):
            of = check.func.__name__
            yield pytest.param(each, check, estimator.table == "series" and of in SERIES, id=f"{name}-{of}")


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.DataConversionWarning")  # some checks provoke it
@pytest.mark.filterwarnings("ignore:X of shape .* is a table, whose rows are sequences of one step:UserWarning")
@pytest.mark.parametrize(("estimator", "check", "cannot_hold"), list(checks()))
def test_scikit_learns_checks(estimator, check, cannot_hold):
    if cannot_hold:
        with pytest.raises(AssertionError):
            check(estimator)
    else:
        check(estimator)
