"""What every estimator with a reservoir shares: X as sequences, and the draw of the reservoir.

scikit-learn asks for base classes, so this package inherits where the rest of longlag composes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import validate_data

from longlag.cells.reservoir import Reservoir
from longlag.errors import warn_user
from longlag.esn import data, names
from longlag.esn.generation import Scale
from longlag.esn.names import BadInput
from longlag.esn.network import Network
from longlag.esn.parameters import ReservoirParameters
from longlag.esn.settings import OF_TABLES, ReservoirSettings, checked, input_scales, read_by_fit
from longlag.inits.reservoirs import EchoState
from longlag.rng import stream


class ReservoirBase(ReservoirParameters, BaseEstimator):
    """The forms of X and the draw of the reservoir. A subclass says what is fitted to its states."""

    SETTINGS: ClassVar[type[ReservoirSettings]] = ReservoirSettings
    network_: Network
    _form: str  # of X at `fit`

    def _checked(self) -> Any:
        """The parameters as `SETTINGS`, in their ranges."""
        return checked(self.SETTINGS, self.get_params(), type(self).__name__)

    @contextmanager
    def _as_before_if_refused(self) -> Iterator[None]:
        """An estimator stays what it was, fitted or not, where a fit raises an error."""
        before = dict(vars(self))
        try:
            yield
        except BaseException:
            self.__dict__ = before
            raise

    def _seed(self) -> int:
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    def _drawn(self, settings: ReservoirSettings, inputs: int, outputs: int, seed: int, feedback: float) -> Network:
        """The reservoir, with a readout of zeros."""
        scales = input_scales(self.input_scale, inputs)
        init = EchoState(settings.spectral_radius, scales, settings.bias_scale, settings.connections, feedback)
        reservoir = Reservoir(settings.units, settings.leak)
        return Network.drawn(reservoir, init, inputs, outputs, settings.features, stream(seed, "reservoir"))

    def _scale_of_inputs(self, x: list[np.ndarray], weights: np.ndarray | None = None) -> Scale:
        """Over all steps of all sequences, if they are standardised. weights: of these steps."""
        return Scale.of(np.concatenate(x), weights) if self.standardise else Scale.none(x[0].shape[1])

    def _warn_of_surprises(self, x: list[np.ndarray], form: str, settings: ReservoirSettings) -> None:
        """Warns of parameters that change nothing, or something else than their user may expect."""
        ignored = [name for name in OF_TABLES if getattr(self, name) != OF_TABLES[name]]
        if form in ("list", "array") and ignored:
            warn_user(f"{' and '.join(ignored)} of a table: X holds sequences, which it does not change")
        if settings.connections > settings.units:
            warn_user(f"connections={settings.connections} of {settings.units} units: each hears all units")
        if form == "rows" and self.inputs_per_step is None:
            warn_user(_single_steps(len(x), x[0].shape[1]))

    def _warn_of_changes(self) -> None:
        """One that is out of range is refused as in `fit`; another changes no output, which a warning says."""
        now = self._checked()
        changed = [name for name in read_by_fit(self.SETTINGS) if getattr(now, name) != getattr(self._settings, name)]
        if changed:
            warn_user(f"{', '.join(changed)} changed after fit, which changes nothing until the next fit")

    def _sequences(self, X: Any, reset: bool) -> tuple[list[np.ndarray], str]:
        """X as sequences [T, X], and its form: "rows" or "series" of a table, "array" or "list"."""
        data.check_kind(X, "X")
        if data.holds_sequences(X):
            x = data.sequences(X)
            self._check_inputs(X[0] if names.check(X, "sequence") else x[0], reset)
            return x, "list" if isinstance(X, list | tuple) or X.ndim == 1 else "array"
        data.check_axes(X)
        names.check_no_texts(X, "X")
        table = validate_data(self, X, reset=reset, dtype=np.float64, ensure_all_finite=False)
        series = self.table == "series"
        data.check_finite(table, "Input X", ("step", "channel") if series else ("sequence (row)", "column"))
        if series:
            self._check_series()
        elif not reset and self._form in ("list", "array"):
            raise BadInput(
                f"X of shape {table.shape} is a table; the net was fitted to sequences: hand over one sequence as [x]"
            )
        x, form = ([table], "series") if series else (data.rows(table, self.inputs_per_step), "rows")
        if not reset:
            self._check_steps(x[0].shape[1], form)
        return x, form

    def _check_steps(self, width: int, form: str) -> None:
        """Raises BadInput where a table of that form has other steps than at `fit`: a parameter was changed since."""
        if {form, self._form} == {"rows", "series"}:
            raise BadInput(
                f'table="{form}" takes the rows of X for other sequences than table="{self._form}", which the net was '
                f'fitted with; set_params(table="{self._form}"), or fit it again'
            )
        fitted = self.network_.model.n_inputs
        if width != fitted:
            raise BadInput(
                f"inputs_per_step={self.inputs_per_step} makes steps of {width} inputs and the net was fitted to steps "
                f"of {fitted}; set_params(inputs_per_step={fitted}), or fit it again"
            )

    def _check_series(self) -> None:
        """Raises BadInput for parameters that a series cannot follow."""
        if self.inputs_per_step is not None:
            raise BadInput(
                f'inputs_per_step={self.inputs_per_step} with table="series": each row of a series is one step; leave '
                "one out"
            )

    def _check_inputs(self, table: Any, reset: bool) -> None:
        """Keeps the number and the names of the columns of a sequence at `fit`; later, compares them with those.

        A net that was fitted to rows of several steps knows no names of a step's inputs.
        """
        width = np.shape(table)[1]
        if not reset and width != self.network_.model.n_inputs:
            raise BadInput(
                f"X has {width} features, but {type(self).__name__} is expecting {self.network_.model.n_inputs} "
                "features as input; hand over steps of as many inputs as at fit"
            )
        if reset or width == self.n_features_in_:
            validate_data(self, table, reset=reset, skip_check_array=True)


def _single_steps(rows: int, columns: int) -> str:
    return (
        f"X of shape {(rows, columns)} is a table, whose rows are sequences of one step: nothing is remembered from "
        f'row to row. table="series" takes the rows as steps of one series; inputs_per_step={columns} says that single '
        "steps are meant"
    )
