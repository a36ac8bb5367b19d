"""Warnings at the line of the user, however deep in this package they arise."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from warnings import warn

_OURS = (f"{Path(__file__).parents[1]}{os.sep}", contextlib.__file__)  # decorators of contextlib wrap methods


def warn_user(message: str) -> None:
    """A UserWarning at the nearest line of a caller outside longlag."""
    level, frame = 1, sys._getframe()
    while frame.f_back and frame.f_code.co_filename.startswith(_OURS):
        level, frame = level + 1, frame.f_back
    warn(message, stacklevel=level)
