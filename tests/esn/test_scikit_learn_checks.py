"""The estimators pass scikit-learn's own checks, but for those that cannot hold for a series."""

import pytest
from echoes import SMALL
from sklearn.utils.estimator_checks import estimator_checks_generator

from longlag.esn import EchoStateClassifier, EchoStateFeatures, EchoStateNetwork

# Checks that cannot hold where a table is one series, which is one sample: other rows change the output of a row.
SERIES = ("check_methods_sample_order_invariance", "check_methods_subset_invariance")
# A check that cannot hold where held-out sequences choose the penalty: repeated ones are drawn by other numbers.
HELD_OUT = ("check_sample_weight_equivalence_on_dense_data",)
FITS = (EchoStateNetwork, EchoStateClassifier)
ESTIMATORS = {
    **{f"{kind.__name__}-rows": (kind(**SMALL), HELD_OUT) for kind in FITS},
    **{f"{kind.__name__}-one penalty": (kind(**SMALL, penalty=1e-3), ()) for kind in FITS},
    **{f"{kind.__name__}-series": (kind(**SMALL, table="series"), SERIES + HELD_OUT) for kind in FITS},
    "EchoStateFeatures-last": (EchoStateFeatures(**SMALL), ()),
    "EchoStateFeatures-mean": (EchoStateFeatures(**SMALL, states="mean"), ()),
    "EchoStateFeatures-series": (EchoStateFeatures(**SMALL, states="every", table="series"), SERIES),
}


def checks():
    """scikit-learn's checks of all estimators, with both readings of a table."""
    for name, (estimator, cannot_hold) in ESTIMATORS.items():
        for each, check in estimator_checks_generator(estimator):
            of = check.func.__name__
            yield pytest.param(each, check, of in cannot_hold, id=f"{name}-{of}")


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.DataConversionWarning")  # some checks provoke it
@pytest.mark.filterwarnings("ignore:X of shape .* is a table, whose rows are sequences of one step:UserWarning")
@pytest.mark.parametrize(("estimator", "check", "cannot_hold"), list(checks()))
def test_scikit_learns_checks(estimator, check, cannot_hold):
    if cannot_hold:
        with pytest.raises(AssertionError):
            check(estimator)
    else:
        check(estimator)
