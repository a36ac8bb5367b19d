"""Errors a user can mend: what is wrong, the value, and the remedy. The command line prints them and exits with 2."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


class LonglagError(Exception):
    """Bad input at a boundary (command line, configuration, file). Bugs raise anything else."""


def unknown(kind: str, name: str, known: Iterable[str]) -> LonglagError:
    """An error for a misspelt name that suggests the nearest known one.

    >>> str(unknown("task", "ading", ["adding", "temporal_order"]))
    "unknown task 'ading'; did you mean 'adding'? known: adding, temporal_order"
    """
    known = sorted(known)
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f" did you mean {near[0]!r}?" if near else ""
    return LonglagError(f"unknown {kind} {name!r};{hint} known: {', '.join(known) or 'none'}")


def shown(value: Any) -> str:
    """A value as an error message quotes it; one of hundreds of letters or digits is cut."""
    if isinstance(value, int) and abs(value) >= 10**30:
        return "a number of more than 30 digits"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
