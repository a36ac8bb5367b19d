"""Warnings at the line of the user, however deep in this package or in scikit-learn they arise."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from warnings import warn

import sklearn

_PACKAGES = (f"{Path(__file__).parents[1]}{os.sep}", f"{Path(sklearn.__file__).parent}{os.sep}")
_INSIDE = (*_PACKAGES, contextlib.__file__)  # decorators of contextlib wrap methods


def warn_user(message: str) -> None:
    """A UserWarning at the nearest line of a caller outside longlag and scikit-learn."""
    level, frame = 1, sys._getframe()
    while frame.f_back and frame.f_code.co_filename.startswith(_INSIDE):
        level, frame = level + 1, frame.f_back
    warn(message, stacklevel=level)
