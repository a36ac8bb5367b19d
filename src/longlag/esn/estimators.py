"""The estimators: parameters, checks and the forms of X and y; `network.py` computes.

scikit-learn asks for base classes (`BaseEstimator` reads the parameters off `__init__`), so this module inherits where
the rest of longlag composes.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    check_array,
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

from longlag.cells.reservoir import Reservoir
from longlag.esn import data
from longlag.esn.data import BadInput, Targets
from longlag.esn.generation import Scale, Scales, closed_loop, predicts_next, with_feedback
from longlag.esn.network import Network, one_thread
from longlag.esn.settings import checked, input_scales, spans
from longlag.inits.reservoirs import EchoState
from longlag.rng import stream


class _EchoState(BaseEstimator):
    """What both estimators share."""

    def __init__(
        self,
        units: int = 200,
        *,
        spectral_radius: float = 0.9,
        leak: float = 1.0,
        input_scale: float | Sequence[float] = 0.5,
        bias_scale: float = 0.2,
        feedback_scale: float = 0.0,
        connections: int = 10,
        features: str = "linear",
        penalty: float | Sequence[float] = (1e-10, 1e-8, 1e-6, 1e-4, 1e-2, 1.0),
        validation: float = 0.2,
        washout: int = 0,
        standardise: bool = True,
        inputs_per_step: int | None = None,
        table: str = "rows",
        targets: str = "auto",
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.units = units
        self.spectral_radius = spectral_radius
        self.leak = leak
        self.input_scale = input_scale
        self.bias_scale = bias_scale
        self.feedback_scale = feedback_scale
        self.connections = connections
        self.features = features
        self.penalty = penalty
        self.validation = validation
        self.washout = washout
        self.standardise = standardise
        self.inputs_per_step = inputs_per_step
        self.table = table
        self.targets = targets
        self.random_state = random_state

    @one_thread()
    def fit(self, X: Any, y: Any) -> Self:
        """Draws the reservoir and fits the readout to targets y of sequences X (docs/reservoirs.md lists their forms).

        Raises:
            BadInput: a parameter, X or y is none that can be used; the sentence names it. It is a ValueError.
        """
        if y is None:
            raise BadInput(f"{type(self).__name__} requires y to be passed, but the target y is None")
        settings = checked(self.get_params(), type(self).__name__)
        x, form = self._sequences(X, reset=True)
        if form == "rows" or form == "series":
            check_consistent_length(X, y)
        targets = self._encoded(self._targets(y, x, form))
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        inputs = np.concatenate(x)
        x_scale = Scale.of(inputs) if self.standardise else Scale.none(inputs.shape[1])
        self._scales = Scales(x_scale, self._target_scale(np.concatenate(targets.y)))
        scales = input_scales(self.input_scale, inputs.shape[1])
        network = Network.drawn(
            Reservoir(settings.units, settings.leak),
            EchoState(
                settings.spectral_radius, scales, settings.bias_scale, settings.connections, settings.feedback_scale
            ),
            inputs.shape[1],
            targets.y[0].shape[1],
            settings.features,
            stream(seed, "reservoir"),
        )
        if network.feeds_back and not targets.every:
            raise BadInput("feedback_scale needs targets at every step: outputs of the last step alone feed nothing")
        scaled = [self._scales.y.standard(each) for each in targets.y]
        at_steps = scaled if targets.every else [_at_the_end(z, len(s)) for z, s in zip(scaled, x, strict=True)]
        split = spans(settings, targets.every, [len(each) for each in x], seed)
        self.network_, self.penalty_, self.validation_error_ = network.fitted(
            [x_scale.standard(each) for each in x], at_steps, split, settings.penalty
        )
        self.n_outputs_, self._every, self._flat = targets.y[0].shape[1], targets.every, targets.flat
        self._of_sequences, self._predicts_next = form in ("list", "array"), predicts_next(x, targets)
        return self

    def _sequences(self, X: Any, reset: bool) -> tuple[list[np.ndarray], str]:
        """X as sequences [T, X], and its form: "rows" or "series" of a table, "array" or "list"."""
        if data.holds_sequences(X):
            x = data.sequences(X)
            if reset:
                self.n_features_in_ = x[0].shape[1]
                if hasattr(self, "feature_names_in_"):  # of a table that was fitted before
                    del self.feature_names_in_
            elif x[0].shape[1] != self.n_features_in_:
                raise BadInput(
                    f"X has {x[0].shape[1]} features, but {type(self).__name__} is expecting {self.n_features_in_} "
                    "features as input"
                )
            return x, "list" if isinstance(X, list | tuple) or X.ndim == 1 else "array"
        table = validate_data(self, X, reset=reset, dtype=np.float64)
        if self.table == "series":
            return [table], "series"
        if not reset and self._of_sequences:
            raise BadInput(
                f"X of shape {table.shape} is a table; the net was fitted to sequences: hand over one sequence as [x]"
            )
        return data.rows(table, self.inputs_per_step), "rows"

    def _targets(self, y: Any, x: list[np.ndarray], form: str) -> Targets:
        lengths = [len(each) for each in x]
        if form == "series":
            return data.step_targets([check_array(y, ensure_2d=False, dtype=None, input_name="y")], lengths)
        if form != "rows" and data.per_step(y, lengths, self.targets):
            return data.step_targets(y, lengths)
        if form == "rows" and self.targets == "every":
            raise BadInput('targets="every" needs sequences as a list or an array [N, T, X], or table="series"')
        array = check_array(y, ensure_2d=False, dtype=None, input_name="y")
        if len(array) != len(x):
            raise BadInput(f"X has {len(x)} sequences and y has {len(array)} targets; each sequence needs one")
        return data.last_targets(array)

    def _encoded(self, targets: Targets) -> Targets:
        """Targets as numbers."""
        raise NotImplementedError

    def _target_scale(self, y: np.ndarray) -> Scale:
        return Scale.of(y)

    @one_thread()
    def _outputs(self, X: Any) -> tuple[list[np.ndarray], str]:
        """Outputs [K, O] per sequence in the units of the targets, and the form of X."""
        check_is_fitted(self)
        x, form = self._sequences(X, reset=False)
        found = self.network_.outputs([self._scales.x.standard(each) for each in x], self._every)
        return [self._scales.y.raw(each) for each in found], form

    def _scored(self, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        """Targets and predictions of all scored steps, one after the other."""
        predicted = self.predict(X)
        if not self._every:
            return np.asarray(y), predicted
        x, form = self._sequences(X, reset=False)
        given = data.step_targets([y] if form == "series" else y, [len(each) for each in x]).y
        found = [predicted] if form == "series" else list(predicted)
        if all(len(each) <= self.washout for each in given):
            longest = max(map(len, given))
            raise BadInput(f"washout={self.washout} leaves nothing to score of sequences of at most {longest} steps")
        pairs = [np.concatenate([each[self.washout :] for each in some]) for some in (given, found)]
        return pairs[0][:, 0] if self._flat else pairs[0], pairs[1]


class EchoStateNetwork(RegressorMixin, _EchoState):
    """An echo state network for real targets (Jaeger 2001; Lukosevicius 2012).

    A fixed random reservoir of leaky tanh units hears each sequence; ridge regression reads targets off its states.

    Args:
        units: size of the reservoir.
        spectral_radius: of the recurrent weights; near 1 for long memory.
        leak: leaking rate, above 0 and at most 1; small for slow signals.
        input_scale: deviation of the input weights, one number or one per input.
        bias_scale: deviation of the units' biases.
        feedback_scale: deviation of the weights from the outputs back to the units; 0 is no feedback. It needs targets
            at every step.
        connections: recurrent weights into each unit.
        features: "linear" reads the states, "quadratic" their squares too.
        penalty: ridge penalty on standardised features; of several, the one with the least error on held-out data.
        validation: share of the sequences, or of the end of a single one, that is held out to choose the penalty.
        washout: first steps of each sequence that are neither fitted nor scored.
        standardise: inputs are shifted and scaled to mean 0 and deviation 1 over all steps of the training data.
        inputs_per_step: rows of a table are sequences of steps with that many columns each; None: of one step.
        table: "rows": each row of a 2-D X is a sequence; "series": all rows are the steps of one sequence.
        targets: "every" step of a list or 3-D X has a target or only the "last"; "auto": read off the form of y.
        random_state: of the reservoir and of the held-out sequences.

    Attributes:
        network_: the reservoir and its readout. penalty_: the chosen penalty. validation_error_: its mean squared error
        on held-out data, targets standardised; nan with a single penalty. n_outputs_, n_features_in_: sizes.
    """

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _encoded(self, targets: Targets) -> Targets:
        return data.finite(targets)

    def predict(self, X: Any) -> Any:
        """Outputs [N] or [N, O] of the last steps, or of every step in the form of X. The state starts at zero."""
        outputs, form = self._outputs(X)
        return data.joined(outputs, self._every, self._flat, form)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The coefficient of determination R^2 over all scored steps; washout steps do not count."""
        return float(r2_score(*self._scored(X, y), sample_weight=sample_weight))

    @one_thread()
    def generate(self, steps: int, X: Any, y: Any = None, inputs: Any = None) -> np.ndarray:
        """Runs free for `steps` steps after one warm-up sequence X [T, X]: the outputs [steps] or [steps, O] after it.

        With feedback, the outputs feed back; y [T] or [T, O] are the targets of the warm-up (teacher forcing), and
        `inputs` [steps, X] drive the free steps. Without feedback each output is the next input: the net must have been
        trained to predict it, y[t] = X[t + 1] in the same units, and the first output is the one at the last step of
        the warm-up.

        Raises:
            BadInput: the net cannot run free, or something handed over does not fit.
        """
        check_is_fitted(self)
        if not self._every:
            raise BadInput(
                "generate needs a net that was fitted to targets at every step; a single series is [x], or needs "
                'table="series"'
            )
        if not isinstance(steps, Integral) or steps < 1:
            raise BadInput(f"steps={steps!r} of a free run must be a whole number, at least 1")
        warm_up = data.sequences(X if data.holds_sequences(X) and len(X) == 1 else [X])[0]
        if warm_up.shape[1] != self.network_.model.n_inputs:
            raise BadInput(f"X has {warm_up.shape[1]} inputs per step; the net has {self.network_.model.n_inputs}")
        closed = not self.network_.feeds_back and self.n_outputs_ == warm_up.shape[1]
        if closed and not self._predicts_next:
            raise BadInput(
                "the net was not fitted to its next inputs, y[t] = X[t + 1]: its outputs cannot take their place. "
                "X and y must be in the same units: leave scalers of X out, inputs are standardised inside; or set "
                "feedback_scale"
            )
        run = with_feedback if self.network_.feeds_back else closed_loop
        outputs = run(self.network_, self._scales, steps, warm_up, y, inputs)
        return outputs[:, 0] if self._flat else outputs


class EchoStateClassifier(ClassifierMixin, _EchoState):
    """An echo state network for classes: ridge regression of one output per class, the largest output decides.

    Its parameters are those of `EchoStateNetwork`; `classes_` holds the labels.
    """

    def _targets(self, y: Any, x: list[np.ndarray], form: str) -> Targets:
        return super()._targets(column_or_1d(y, warn=True) if form in ("rows", "series") else y, x, form)

    def _encoded(self, targets: Targets) -> Targets:
        labels = np.concatenate(targets.y)
        if labels.shape[1] != 1:
            raise BadInput(f"a step has {labels.shape[1]} targets; classes are one label each")
        check_classification_targets(labels[:, 0])
        self.classes_ = np.unique(labels)
        hot = [(each == self.classes_).astype(np.float64) for each in targets.y]
        return Targets(hot, targets.every, targets.flat)

    def _target_scale(self, y: np.ndarray) -> Scale:
        return Scale.none(y.shape[1])

    def decision_function(self, X: Any) -> Any:
        """The outputs, one per class [N, classes]; of two classes the second's less the first's, [N]. In the form of X
        where every step has a target."""
        outputs, form = self._outputs(X)
        if len(self.classes_) == 2:
            outputs = [each[:, 1:] - each[:, :1] for each in outputs]
        return data.joined(outputs, self._every, len(self.classes_) == 2, form)

    def predict(self, X: Any) -> Any:
        """The label with the largest output, of the last steps [N] or of every step in the form of X."""
        outputs, form = self._outputs(X)
        labels = [self.classes_[each.argmax(1)][:, None] for each in outputs]
        return data.joined(labels, self._every, self._flat, form)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The share of right labels among all scored steps; washout steps do not count."""
        return float(accuracy_score(*self._scored(X, y), sample_weight=sample_weight))


def _at_the_end(target: np.ndarray, steps: int) -> np.ndarray:
    """A target [1, O] as that of the last step: [T, O]."""
    return np.concatenate([np.zeros((steps - 1, target.shape[1])), target])
