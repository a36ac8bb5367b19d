"""The states of a reservoir as features for a readout of scikit-learn's."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from sklearn import get_config
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from longlag.esn import data
from longlag.esn.names import BadInput
from longlag.esn.parameters import FeatureParameters
from longlag.esn.sequences import ReservoirBase
from longlag.esn.settings import FeatureSettings, check_washout
from longlag.esn.threads import undisturbed


class EchoStateFeatures(ClassNamePrefixFeaturesOutMixin, TransformerMixin, FeatureParameters, ReservoirBase):
    """A reservoir as a feature map: sequences in, states of its units out (Jaeger 2001; Lukosevicius 2012).

    It stands before any estimator of tables: `make_pipeline(EchoStateFeatures(), LogisticRegression())`. With the same
    parameters and `random_state` as an `EchoStateNetwork` without feedback it has the same states.

    The other parameters, those of the reservoir and of the forms of X, are those of `EchoStateNetwork`.

    Args:
        states: "last": of each sequence the state after its last step; "mean": the mean over its steps; "every": the
            states after all steps, which only a series (table="series") hands to an estimator of tables.
        washout: first steps of each sequence that the mean leaves out.

    Attributes:
        network_: the reservoir.
        n_features_in_: inputs per step, of a table its columns.
        feature_names_in_: the names of the columns, where all sequences were tables with names.
    """

    SETTINGS: ClassVar[type[FeatureSettings]] = FeatureSettings

    @undisturbed()
    def fit(self, X: Any, y: Any = None) -> Self:
        """Draws the reservoir for sequences X (docs/reservoirs.md lists their forms) and measures their scale.

        y is ignored.

        Raises:
            BadInput: a parameter or X is none that can be used; the sentence names it. It is a ValueError.
        """
        with self._as_before_if_refused():
            settings = self._checked()
            x, form = self._sequences(X, reset=True)
            self._check_states([len(each) for each in x], form)
            inputs = x[0].shape[1]
            if not inputs:
                raise BadInput("X has no inputs (a width of 0): nothing drives the reservoir")
            self._warn_of_surprises(x, form, settings)
            self._scale = self._scale_of_inputs(x)
            self.network_ = self._drawn(settings, inputs, outputs=0, seed=self._seed(), feedback=0.0)
            self._settings, self._form = settings, form
        return self

    @undisturbed()
    def transform(self, X: Any) -> Any:
        """The features of the states: [N, F] of the last steps or of their means; of every step in the form of X: a
        list of [T, F], [N, T, F], or [T, F] of a series. F is `units`, twice as many with features="quadratic".

        The state starts at zero in each sequence.

        Raises:
            BadInput: X has another form or another number of inputs than at `fit`, or is not finite.
            NotFittedError: of scikit-learn, before `fit`.
        """
        check_is_fitted(self)
        self._warn_of_changes()
        x, form = self._sequences(X, reset=False)
        self._check_states([len(each) for each in x], form)
        driven = [self._scale.standard(each) for each in x]
        if self.states == "mean":
            return self.network_.mean_features(driven, self.washout)
        every = self.states == "every"
        if every and form != "series":
            self._check_container()
        return data.joined(self.network_.features(driven, every), every, False, form)

    def _check_states(self, lengths: list[int], form: str) -> None:
        """Raises BadInput where X, of a form, does not have the states that are asked for."""
        if form == "series" and self.states != "every":
            raise BadInput(
                f'states="{self.states}" with table="series" makes one row of all steps; take states="every", or hand '
                "over a list of sequences"
            )
        if form == "rows" and self.states == "every":
            raise BadInput('states="every" needs sequences as a list or an array [N, T, X], or table="series"')
        if self.states == "mean":
            check_washout(self.washout, lengths)

    def _check_container(self) -> None:
        """Raises BadInput where `set_output` asks for a table, which the states of every step of sequences are not."""
        container = getattr(self, "_sklearn_output_config", {}).get("transform") or get_config()["transform_output"]
        if container != "default":
            raise BadInput(
                f'set_output(transform="{container}") needs one row per sequence, and states="every" has one per step; '
                'take states="last" or "mean", or set_output(transform="default")'
            )

    @property
    def _n_features_out(self) -> int:
        """What scikit-learn's `get_feature_names_out` counts."""
        return self.network_.n_features
