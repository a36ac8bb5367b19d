"""What both estimators share: targets, the fit of the readout, and outputs; `network.py` computes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.utils.validation import check_array, check_consistent_length, check_is_fitted

from longlag.arguments import named
from longlag.esn import data, weights
from longlag.esn.data import Targets
from longlag.esn.generation import Scale, Scales, predicts_next
from longlag.esn.names import BadInput, as_array
from longlag.esn.parameters import ReadoutParameters
from longlag.esn.sequences import ReservoirBase
from longlag.esn.settings import ReadoutSettings, check_washout, spans
from longlag.esn.threads import undisturbed


@dataclass(frozen=True)
class Examples:
    """What a net is fitted to.

    x: sequences [T, X]. targets: theirs. weights: of all steps [T]. form: of X, "rows", "series", "array" or "list".
    """

    x: list[np.ndarray]
    targets: Targets
    weights: list[np.ndarray]
    form: str

    @property
    def inputs(self) -> int:
        """Of a step."""
        return int(self.x[0].shape[1])

    @property
    def outputs(self) -> int:
        """Of a step."""
        return int(self.targets.y[0].shape[1])

    def with_weight(self) -> Examples:
        """Those with a weight above zero at some step.

        Raises:
            BadInput: none does.
        """
        kept = [i for i, each in enumerate(self.weights) if each.any()]
        if not kept:
            raise BadInput("the weights of all sequences are zero; at least one must have a sample_weight above zero")
        return Examples([self.x[i] for i in kept], self.targets.of(kept), [self.weights[i] for i in kept], self.form)


class EchoStateBase(ReadoutParameters, ReservoirBase):
    """Targets, `fit` and outputs. A subclass says how targets are numbers."""

    SETTINGS: ClassVar[type[ReadoutSettings]] = ReadoutSettings

    @named(y="fit(X, y), targets of the last steps or of every step")
    @undisturbed()
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Draws the reservoir and fits the readout to targets y of sequences X (docs/reservoirs.md lists their forms).

        sample_weight: one number per sequence (or per row of a table), or one per scored step of all sequences; what
        has weight 2 counts twice in the readout, in the choice of the penalty and in the means and deviations of X and
        y. None: 1 each.

        Raises:
            BadInput: a parameter, X, y or sample_weight is none that can be used; the sentence names it. It is a
                ValueError.
        """
        with self._as_before_if_refused():
            settings = self._checked()
            examples = self._examples(X, y, sample_weight)
            _check_driven(examples, settings)
            self._warn_of_surprises(examples.x, examples.form, settings)
            examples, seed = examples.with_weight(), self._seed()
            split = spans(settings, examples.targets.every, [len(each) for each in examples.x], seed)
            weights.check_parts(examples.weights, split)
            self._scales = self._measured(examples)
            untrained = self._drawn(settings, examples.inputs, examples.outputs, seed, settings.feedback_scale)
            self.network_, self.penalty_, self.validation_error_ = untrained.fitted(
                *self._standardised(examples), examples.weights, split, settings.penalty
            )
            self._remember(examples, settings)
        return self

    def _examples(self, X: Any, y: Any, sample_weight: Any) -> Examples:
        """X and y as sequences with numbers for targets and weights for steps."""
        if y is None:
            raise BadInput(f"{type(self).__name__} requires y to be passed, but the target y is None")
        data.check_kind(y, "y")
        x, form = self._sequences(X, reset=True)
        if form in ("rows", "series"):
            check_consistent_length(X, y)
        raw = self._targets(y, x, form)
        targets = self._encoded(raw)
        check_washout(self.washout, [len(each) for each in x])
        return Examples(x, targets, self._weights(raw, [len(each) for each in x], sample_weight, form), form)

    def _weights(self, targets: Targets, lengths: list[int], sample_weight: Any, form: str) -> list[np.ndarray]:
        """Weights of all steps [T], from those of the scored steps and of the classes of their targets."""
        data.check_unmasked(sample_weight, "sample_weight")
        washout, owners = (self.washout, lengths) if targets.every else (0, [1] * len(lengths))
        scored = self._class_weights(np.concatenate([each[washout:] for each in targets.y]))
        if sample_weight is not None:
            given = weights.of_scored_steps(sample_weight, owners, washout, several=form != "series")
            scored = scored * weights.checked(given)
        return weights.spread(scored, lengths, [length - washout for length in owners])

    def _class_weights(self, targets: np.ndarray) -> np.ndarray:
        """Weights of the scored targets [K, O] as given, [K]."""
        return np.ones(len(targets))

    def _measured(self, examples: Examples) -> Scales:
        """The scales of inputs and of targets over all steps."""
        last = slice(None) if examples.targets.every else slice(-1, None)
        of_inputs = self._scale_of_inputs(examples.x, np.concatenate(examples.weights))
        of_targets = np.concatenate([each[last] for each in examples.weights])
        return Scales(of_inputs, self._target_scale(np.concatenate(examples.targets.y), of_targets))

    def _standardised(self, examples: Examples) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Inputs [T, X] and targets [T, O] of each sequence as the net is fitted to them."""
        x = [self._scales.x.standard(each) for each in examples.x]
        y = [self._scales.y.standard(each) for each in examples.targets.y]
        if not examples.targets.every:
            y = [_at_the_end(target, len(each)) for target, each in zip(y, x, strict=True)]
        return x, y

    def _remember(self, examples: Examples, settings: ReadoutSettings) -> None:
        """Keeps what later calls need to know of the fit."""
        self._settings = settings
        self.n_outputs_, self._every, self._flat = examples.outputs, examples.targets.every, examples.targets.flat
        self._form = examples.form
        self._predicts_next = predicts_next(examples.x, examples.targets)

    def _check_series(self) -> None:
        if self.targets == "last":
            raise BadInput('targets="last" with table="series": a series has a target at every step; leave one out')
        super()._check_series()

    def _targets(self, y: Any, x: list[np.ndarray], form: str) -> Targets:
        lengths = [len(each) for each in x]
        if form == "series":
            data.check_single(y, "row")
            return data.step_targets([_array(y, "step")], lengths)
        if form != "rows" and data.per_step(y, lengths, self.targets):
            return data.step_targets(y, lengths)
        if form == "rows" and self.targets == "every":
            raise BadInput('targets="every" needs sequences as a list or an array [N, T, X], or table="series"')
        data.check_single(y, "row" if form == "rows" else "sequence")
        array = _array(y, "sequence")
        if len(array) != len(x):
            raise BadInput(f"X has {len(x)} sequences and y has {len(array)} targets; each sequence needs one")
        return data.last_targets(array)

    def _encoded(self, targets: Targets) -> Targets:
        """Targets as numbers."""
        raise NotImplementedError

    def _target_scale(self, y: np.ndarray, of_steps: np.ndarray) -> Scale:
        """of_steps: the weight of each target."""
        return Scale.of(y, of_steps)

    @undisturbed()
    def _outputs(self, X: Any) -> tuple[list[np.ndarray], str]:
        """Outputs [K, O] per sequence in the units of the targets, and the form of X."""
        check_is_fitted(self)
        self._warn_of_changes()
        x, form = self._sequences(X, reset=False)
        found = self.network_.outputs([self._scales.x.standard(each) for each in x], self._every)
        return [self._scales.y.raw(each) for each in found], form

    def _scored(self, X: Any, y: Any, sample_weight: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """Targets, predictions and weights of all scored steps, one after the other."""
        predicted = self.predict(X)
        data.check_kind(y, "y")
        data.check_unmasked(sample_weight, "sample_weight")
        if not self._every:
            data.check_single(y, "sequence" if data.holds_sequences(X) else "row")
            return np.asarray(y), predicted, sample_weight
        several = data.holds_sequences(X)
        found = list(predicted) if several else [predicted]
        given = data.step_targets(y if several else [y], [len(each) for each in found]).y
        lengths = [len(each) for each in found]
        if all(length <= self.washout for length in lengths):
            raise BadInput(
                f"washout={self.washout} leaves nothing to score of sequences of at most {max(lengths)} steps"
            )
        targets, outputs = (np.concatenate([each[self.washout :] for each in some]) for some in (given, found))
        of_steps = sample_weight
        if sample_weight is not None:
            of_steps = weights.of_scored_steps(sample_weight, lengths, self.washout, several)
        return targets[:, 0] if self._flat else targets, outputs, of_steps


def _check_driven(examples: Examples, settings: ReadoutSettings) -> None:
    """Raises BadInput for a reservoir that nothing drives, and for feedback of targets that are not there."""
    if not (examples.inputs or settings.feedback_scale):
        raise BadInput("X has no inputs (a width of 0), and without feedback_scale nothing else drives the net")
    if settings.feedback_scale and not examples.targets.every:
        raise BadInput("feedback_scale needs targets at every step: outputs of the last step alone feed nothing")


def _array(y: Any, axis: str) -> np.ndarray:
    """Targets as one array of numbers or labels, finite if they are numbers."""
    if hasattr(y, "requires_grad"):  # a tensor of torch
        y = as_array(y, "y")
    array: np.ndarray = check_array(y, ensure_2d=False, dtype=None, input_name="y", ensure_all_finite=False)
    data.check_finite(array, "Input y", (axis, "output"))
    return array


def _at_the_end(target: np.ndarray, steps: int) -> np.ndarray:
    """A target [1, O] as that of the last step: [T, O]."""
    return np.concatenate([np.zeros((steps - 1, target.shape[1])), target])
