"""The estimators, for real targets and for classes."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d

from longlag.errors import shown, warn_user
from longlag.esn import data, weights
from longlag.esn.base import EchoStateBase
from longlag.esn.data import Targets
from longlag.esn.generation import Scale, closed_loop, with_feedback
from longlag.esn.names import BadInput
from longlag.esn.parameters import ClassifierParameters
from longlag.esn.settings import ClassifierSettings
from longlag.esn.threads import undisturbed
from longlag.ranges import is_whole


class EchoStateNetwork(RegressorMixin, EchoStateBase):
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
        connections: recurrent weights into each unit, at most one from each.
        features: "linear" reads the states, "quadratic" their squares too.
        penalty: ridge penalty on standardised features; of several, the one with the least error on held-out data. If
            `penalty_` is the first or the last of them, a value beyond may do better. The smallest suit series without
            noise, the largest few or noisy data.
        validation: share of the sequences, or of the end of a single one, that is held out to choose the penalty; at
            most 20,000 steps, rounded up to whole sequences.
        washout: first steps of each sequence that are neither fitted nor scored.
        standardise: inputs are shifted and scaled to mean 0 and deviation 1 over all steps of the training data.
        inputs_per_step: rows of a table are sequences of steps with that many columns each; None: of one step.
        table: "rows": each row of a 2-D X is a sequence; "series": all rows are the steps of one sequence. A series
            needs "series": by default its rows are sequences of one step, and nothing is remembered from row to row.
        targets: "every" step of a list or 3-D X has a target or only the "last"; "auto": read off the form of y.
        random_state: of the reservoir and of the held-out sequences.

    Attributes:
        network_: the reservoir and its readout.
        penalty_: the chosen penalty.
        validation_error_: its mean squared error on held-out data, targets standardised; nan with a single penalty.
        n_outputs_: outputs per scored step.
        n_features_in_: inputs per step, of a table its columns.
        feature_names_in_: the names of the columns, where all sequences were tables with names.
    """

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _encoded(self, targets: Targets) -> Targets:
        return data.finite(targets)

    def predict(self, X: Any) -> Any:
        """Outputs [N] or [N, O] of the last steps, or of every step in the form of X, in the units of the targets.

        The state starts at zero in each sequence. With feedback, so do the outputs, and the net's own feed back: no
        targets are taught, as `generate` has them in its warm-up. A net that makes a signal of itself starts elsewhere
        and is out of phase, however right its free run is.

        Raises:
            BadInput: X has another form or another number of inputs than at `fit`, or is not finite.
            NotFittedError: of scikit-learn, before `fit`.
        """
        outputs, form = self._outputs(X)
        return data.joined(outputs, self._every, self._flat, form)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The coefficient of determination R^2 over all scored steps; washout steps do not count.

        It is that of `predict`, which teaches a net with feedback no targets; a warning says so. Judge such a net by
        `generate` (docs/reservoirs.md shows a scorer).

        sample_weight: one number per sequence (or per row of a table), or one per scored step of all sequences.

        Raises:
            BadInput: what `predict` refuses; targets or weights of another number; a washout that leaves nothing.
            NotFittedError: of scikit-learn, before `fit`.
        """
        check_is_fitted(self)
        if self.network_.feeds_back:
            warn_user(
                "score of a net with feedback_scale starts from outputs of zero and teaches it no targets; judge such "
                "a net by generate, also in searches"
            )
        targets, outputs, of_steps = self._scored(X, y, sample_weight)
        return float(r2_score(targets, outputs, sample_weight=of_steps))

    @undisturbed()
    def generate(self, steps: int, X: Any, y: Any = None, inputs: Any = None) -> np.ndarray:
        """Runs free for `steps` steps after one warm-up sequence X [T, X]: the outputs [steps] or [steps, O] after it.

        With feedback, the outputs feed back; y [T] or [T, O] are the targets of the warm-up (teacher forcing), and
        `inputs` [steps, X] drive the free steps. Without feedback each output is the next input: the net must have been
        trained to predict it, y[t] = X[t + 1] in the same units, and the first output is the one at the last step of
        the warm-up.

        Raises:
            BadInput: the net cannot run free, or something handed over does not fit.
            NotFittedError: of scikit-learn, before `fit`.
        """
        check_is_fitted(self)
        self._warn_of_changes()
        if not self._every:
            raise BadInput(
                "generate needs a net that was fitted to targets at every step; a single series is [x], or needs "
                'table="series"'
            )
        if not is_whole(steps) or steps < 1:
            shape = getattr(steps, "shape", ())
            said = f"an array of shape {shape}" if shape else shown(steps)
            raise BadInput(f"steps={said} of a free run must be a whole number, at least 1: generate(steps, X)")
        several = data.holds_sequences(X)
        if several and len(X) != 1:
            raise BadInput(f"generate takes one warm-up sequence, not {len(X)}; call it for each")
        given = X[0] if several else X
        warm_up = data.sequences([given])[0]
        if warm_up.shape[1] != self.network_.model.n_inputs:
            raise BadInput(f"X has {warm_up.shape[1]} inputs per step; the net has {self.network_.model.n_inputs}")
        self._check_inputs(given, reset=False)
        if hasattr(inputs, "columns"):
            self._check_inputs(inputs, reset=False)
        if len(warm_up) < self.washout:
            warn_user(
                f"the warm-up is shorter than the washout ({len(warm_up)} of {self.washout} steps): the "
                "outputs may depend on the zeros that the reservoir starts with; hand over more steps"
            )
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


class EchoStateClassifier(ClassifierMixin, ClassifierParameters, EchoStateBase):
    """An echo state network for classes (Lukosevicius 2012): ridge regression of one output per class on targets of 0
    and 1; the largest output decides.

    Its other parameters and its attributes are those of `EchoStateNetwork`, but `validation_error_` is that of
    targets 0 and 1; `classes_` holds the labels. `fit` takes labels of any kind, numbers or words: [N] of the last
    steps, or [T] per sequence of every step, as arrays or lists.

    Args:
        class_weight: how much the targets of each class weigh in `fit`, times `sample_weight`: a dict {label: number},
            1 for classes that it leaves out; or "balanced", so that all classes weigh the same: scored targets /
            (classes x targets of the class). None: 1 each.
    """

    SETTINGS: ClassVar[type[ClassifierSettings]] = ClassifierSettings

    def _targets(self, y: Any, x: list[np.ndarray], form: str) -> Targets:
        return super()._targets(column_or_1d(y, warn=True) if form in ("rows", "series") else y, x, form)

    def _encoded(self, targets: Targets) -> Targets:
        labels = np.concatenate(targets.y)
        if labels.shape[1] != 1:
            raise BadInput(
                f"a step has {labels.shape[1]} targets; classes are one label each: of one-hot rows, y.argmax(-1)"
            )
        try:
            check_classification_targets(labels[:, 0])
        except ValueError as error:
            raise BadInput(f"{error} EchoStateNetwork takes real targets.") from None
        classes = np.unique(labels)
        if len(classes) == 1:
            raise BadInput(f"y has one class alone, {labels[0, 0]}; a classifier needs two or more")
        self.classes_ = classes
        hot = [(each == classes).astype(np.float64) for each in targets.y]
        return Targets(hot, targets.every, targets.flat)

    def _class_weights(self, targets: np.ndarray) -> np.ndarray:
        return weights.of_classes(self.class_weight, self.classes_, targets[:, 0])

    def _target_scale(self, y: np.ndarray, of_steps: np.ndarray) -> Scale:
        return Scale.none(y.shape[1])

    def decision_function(self, X: Any) -> Any:
        """The outputs, one per class [N, classes]; of two classes the second's less the first's, [N]. In the form of X
        where every step has a target. A class that is asked for is 1, another 0; they are no probabilities.

        Raises:
            BadInput: X has another form or another number of inputs than at `fit`, or is not finite.
            NotFittedError: of scikit-learn, before `fit`.
        """
        outputs, form = self._outputs(X)
        if len(self.classes_) == 2:
            outputs = [each[:, 1:] - each[:, :1] for each in outputs]
        return data.joined(outputs, self._every, len(self.classes_) == 2, form)

    def predict(self, X: Any) -> Any:
        """The label with the largest output, of the last steps [N] or of every step in the form of X.

        With feedback, the net's own outputs feed back from zero on: no targets are taught.

        Raises:
            BadInput: X has another form or another number of inputs than at `fit`, or is not finite.
            NotFittedError: of scikit-learn, before `fit`.
        """
        outputs, form = self._outputs(X)
        labels = [self.classes_[each.argmax(1)][:, None] for each in outputs]
        return data.joined(labels, self._every, self._flat, form)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The share of right labels among all scored steps; washout steps do not count.

        It is that of `predict`, which teaches a net with feedback no targets.

        sample_weight: one number per sequence (or per row of a table), or one per scored step of all sequences.

        Raises:
            BadInput: what `predict` refuses; targets or weights of another number; a washout that leaves nothing.
            NotFittedError: of scikit-learn, before `fit`.
        """
        targets, labels, of_steps = self._scored(X, y, sample_weight)
        return float(accuracy_score(targets, labels, sample_weight=of_steps))
