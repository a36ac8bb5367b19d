"""Echo state networks as scikit-learn estimators: the reservoir and the ridge readout of longlag on your own data.

    EchoStateNetwork(units=300, leak=0.3, random_state=0).fit(X, y)     # real targets
    EchoStateClassifier(units=300, random_state=0).fit(X, labels)       # classes
    EchoStateFeatures(units=300, random_state=0).fit_transform(X)       # states, for a readout of yours

docs/reservoirs.md shows what X and y may be. scikit-learn is optional: `pip install "longlag[sklearn]"`.
"""

try:
    import sklearn as _sklearn  # noqa: F401
except ImportError as error:
    raise ImportError('longlag.esn needs scikit-learn 1.6 or newer: pip install "longlag[sklearn]"') from error

from longlag.esn.estimators import EchoStateClassifier, EchoStateNetwork
from longlag.esn.features import EchoStateFeatures

__all__ = ["EchoStateClassifier", "EchoStateFeatures", "EchoStateNetwork"]
