"""The names of columns, which sequences given as DataFrames have; data of other libraries as arrays; and the error of
wrong data."""

from __future__ import annotations

from typing import Any

import numpy as np

from longlag.errors import LonglagError, shown


class BadInput(LonglagError, ValueError):
    """Data or parameters that do not fit; a ValueError too, as scikit-learn's users expect."""


def check(tables: Any, what: str) -> bool:
    """Whether all of some tables [T, X], such as DataFrames, name their columns; "sequence" or "targets" they are.

    Raises:
        BadInput: two name other columns, or the same in another order.
    """
    found = [of(each) for each in tables]
    named = [i for i, names in enumerate(found) if names]
    for i in named:
        if found[i] != found[named[0]]:
            raise BadInput(
                f"{what} {i} has the columns {shown(found[i])} and {what} {named[0]} has {shown(found[named[0]])}; all "
                "need the same in one order: frame[columns]"
            )
    return len(named) == len(found)


def of(table: Any) -> list[str]:
    """The names of a table's columns, none if they are no texts."""
    names = list(getattr(table, "columns", []))
    return names if all(isinstance(name, str) for name in names) else []


def as_array(values: Any, name: str) -> np.ndarray:
    """Values of any library as an array of numpy.

    Raises:
        BadInput: that library cannot make one, as torch cannot of bfloat16, of a GPU's memory or of what has a graph.
    """
    try:
        return np.asarray(values)
    except (TypeError, RuntimeError) as error:
        raise BadInput(f"{name} cannot be made an array of numpy: {error}") from error


def check_no_texts(values: Any, name: str) -> None:
    """Raises BadInput if an array or a list holds texts or bytes, though all are digits, as scikit-learn's
    `check_array` does. Objects that are digits, such as columns of pandas, become numbers here as there."""
    if isinstance(values, np.ndarray | list | tuple) and np.asarray(values).dtype.kind in "US":
        raise BadInput(f"{name} is no array of numbers: it holds texts; convert them first, as by astype(float)")
