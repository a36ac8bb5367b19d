"""What both estimators share: parameters, checks and the forms of X and y; `network.py` computes.

scikit-learn asks for base classes (`BaseEstimator` reads the parameters off `__init__`), so this module inherits where
the rest of longlag composes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import (
    check_array,
    check_consistent_length,
    check_is_fitted,
    validate_data,
)

from longlag.arguments import named
from longlag.cells.reservoir import Reservoir
from longlag.esn import data, names
from longlag.esn.data import Targets
from longlag.esn.generation import Scale, Scales, predicts_next
from longlag.esn.names import BadInput
from longlag.esn.network import Network
from longlag.esn.settings import DRAWN, OF_TABLES, Settings, checked, input_scales, spans
from longlag.esn.threads import one_thread
from longlag.esn.warned import warn_user
from longlag.inits.reservoirs import EchoState
from longlag.rng import stream


class EchoStateBase(BaseEstimator):
    """Parameters, `fit` and outputs. A subclass says how targets are numbers."""

    @named(
        sr="it is called spectral_radius",
        lr="it is called leak",
        leak_rate="it is called leak",
        n_reservoir="it is called units",
        input_scaling="it is called input_scale",
        ridge="it is called penalty",
        alpha="it is called penalty",
        seed="it is called random_state",
    )
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
        penalty: float | Sequence[float] = (1e-12, 1e-10, 1e-8, 1e-6, 1e-4, 1e-2, 1.0),
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

    @named(
        y="fit(X, y), targets of the last steps or of every step",
        sample_weight="all scored steps weigh the same; repeat sequences in X and y instead",
    )
    @one_thread()
    def fit(self, X: Any, y: Any) -> Self:
        """Draws the reservoir and fits the readout to targets y of sequences X (docs/reservoirs.md lists their forms).

        Raises:
            BadInput: a parameter, X or y is none that can be used; the sentence names it. It is a ValueError.
        """
        if y is None:
            raise BadInput(f"{type(self).__name__} requires y to be passed, but the target y is None")
        settings = checked(self.get_params(), type(self).__name__)
        data.check_kind(y, "y")
        x, form = self._sequences(X, reset=True)
        if form == "rows" or form == "series":
            check_consistent_length(X, y)
        elif ignored := [name for name in OF_TABLES if getattr(self, name) != OF_TABLES[name]]:
            warn_user(f"{' and '.join(ignored)} of a table: X holds sequences, which it does not change")
        targets = self._encoded(self._targets(y, x, form))
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        inputs = np.concatenate(x)
        if not (inputs.shape[1] or settings.feedback_scale):
            raise BadInput("X has no inputs (a width of 0), and without feedback_scale nothing else drives the net")
        if settings.connections > settings.units:
            warn_user(f"connections={settings.connections} of {settings.units} units: each hears all units")
        x_scale = Scale.of(inputs) if self.standardise else Scale.none(inputs.shape[1])
        self._scales = Scales(x_scale, self._target_scale(np.concatenate(targets.y)))
        network = self._drawn(settings, inputs.shape[1], targets.y[0].shape[1], seed)
        if network.feeds_back and not targets.every:
            raise BadInput("feedback_scale needs targets at every step: outputs of the last step alone feed nothing")
        scaled = [self._scales.y.standard(each) for each in targets.y]
        at_steps = scaled if targets.every else [_at_the_end(z, len(s)) for z, s in zip(scaled, x, strict=True)]
        split = spans(settings, targets.every, [len(each) for each in x], seed)
        self.network_, self.penalty_, self.validation_error_ = network.fitted(
            [x_scale.standard(each) for each in x], at_steps, split, settings.penalty
        )
        self._settings = settings
        self.n_outputs_, self._every, self._flat = targets.y[0].shape[1], targets.every, targets.flat
        if form == "rows" and self.inputs_per_step is None:
            warn_user(_single_steps(len(x), x[0].shape[1]))
        self._of_sequences, self._predicts_next = form in ("list", "array"), predicts_next(x, targets)
        return self

    def _drawn(self, settings: Settings, inputs: int, outputs: int, seed: int) -> Network:
        """The reservoir, with a readout of zeros."""
        scales = input_scales(self.input_scale, inputs)
        init = EchoState(
            settings.spectral_radius, scales, settings.bias_scale, settings.connections, settings.feedback_scale
        )
        reservoir = Reservoir(settings.units, settings.leak)
        return Network.drawn(reservoir, init, inputs, outputs, settings.features, stream(seed, "reservoir"))

    def _sequences(self, X: Any, reset: bool) -> tuple[list[np.ndarray], str]:
        """X as sequences [T, X], and its form: "rows" or "series" of a table, "array" or "list"."""
        data.check_kind(X, "X")
        if data.holds_sequences(X):
            x = data.sequences(X)
            self._check_inputs(X[0] if names.check(X, "sequence") else x[0], reset)
            return x, "list" if isinstance(X, list | tuple) or X.ndim == 1 else "array"
        data.check_axes(X)
        table = validate_data(self, X, reset=reset, dtype=np.float64, ensure_all_finite=False)
        series = self.table == "series"
        data.check_finite(table, "Input X", ("step", "channel") if series else ("sequence (row)", "column"))
        if series:
            self._check_series()
            return [table], "series"
        if not reset and self._of_sequences:
            raise BadInput(
                f"X of shape {table.shape} is a table; the net was fitted to sequences: hand over one sequence as [x]"
            )
        return data.rows(table, self.inputs_per_step), "rows"

    def _check_series(self) -> None:
        """Raises BadInput for parameters that a series cannot follow."""
        if self.targets == "last":
            raise BadInput('targets="last" with table="series": a series has a target at every step; leave one out')
        if self.inputs_per_step is not None:
            raise BadInput(
                f'inputs_per_step={self.inputs_per_step} with table="series": each row of a series is one step; leave '
                "one out"
            )

    def _check_inputs(self, table: Any, reset: bool) -> None:
        """Keeps the number and the names of the columns of a sequence at `fit`; later, compares them with those."""
        width = np.shape(table)[1]
        if not reset and width != self.n_features_in_:
            raise BadInput(
                f"X has {width} features, but {type(self).__name__} is expecting {self.n_features_in_} "
                "features as input"
            )
        validate_data(self, table, reset=reset, skip_check_array=True)

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

    def _target_scale(self, y: np.ndarray) -> Scale:
        return Scale.of(y)

    @one_thread()
    def _outputs(self, X: Any) -> tuple[list[np.ndarray], str]:
        """Outputs [K, O] per sequence in the units of the targets, and the form of X."""
        check_is_fitted(self)
        self._warn_of_changes()
        x, form = self._sequences(X, reset=False)
        found = self.network_.outputs([self._scales.x.standard(each) for each in x], self._every)
        return [self._scales.y.raw(each) for each in found], form

    def _warn_of_changes(self) -> None:
        """One that is out of range is refused as in `fit`; another changes no output, which a warning says."""
        now = checked(self.get_params(), type(self).__name__)
        names = [name for name in DRAWN if getattr(now, name) != getattr(self._settings, name)]
        if names:
            warn_user(f"{', '.join(names)} changed after fit, which changes nothing until the next fit")

    def _scored(self, X: Any, y: Any, weights: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """Targets, predictions and weights of all scored steps, one after the other."""
        predicted = self.predict(X)
        if not self._every:
            return np.asarray(y), predicted, weights
        several = data.holds_sequences(X)
        found = list(predicted) if several else [predicted]
        given = data.step_targets(y if several else [y], [len(each) for each in found]).y
        lengths = [len(each) for each in found]
        if all(length <= self.washout for length in lengths):
            raise BadInput(
                f"washout={self.washout} leaves nothing to score of sequences of at most {max(lengths)} steps"
            )
        targets, outputs = (np.concatenate([each[self.washout :] for each in some]) for some in (given, found))
        expanded = None if weights is None else data.step_weights(weights, lengths, self.washout, several)
        return targets[:, 0] if self._flat else targets, outputs, expanded


def _array(y: Any, axis: str) -> np.ndarray:
    """Targets as one array of numbers or labels, finite if they are numbers."""
    array: np.ndarray = check_array(y, ensure_2d=False, dtype=None, input_name="y", ensure_all_finite=False)
    data.check_finite(array, "Input y", (axis, "output"))
    return array


def _single_steps(rows: int, columns: int) -> str:
    return (
        f"X of shape {(rows, columns)} is a table, whose rows are sequences of one step: nothing is remembered from "
        f'row to row. table="series" takes the rows as steps of one series; inputs_per_step={columns} says that single '
        "steps are meant"
    )


def _at_the_end(target: np.ndarray, steps: int) -> np.ndarray:
    """A target [1, O] as that of the last step: [T, O]."""
    return np.concatenate([np.zeros((steps - 1, target.shape[1])), target])
