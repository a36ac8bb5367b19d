"""Figures of the lecture's claims, one file each: `draw(finding, width) -> Figure` and `caption(finding) -> str`.

A finding is what `longlag lecture --json` prints of a claim under "finding": verdict, summary, numbers, caveat, series.
The file is named by the claim's slug; what several figures share is in `base.py`.
"""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from types import ModuleType

from longlag.errors import unknown

_NOT_FIGURES = {"base"}


def names() -> list[str]:
    """Sorted slugs of all figures of claims; imports none of them."""
    return sorted(m.name for m in pkgutil.iter_modules([str(Path(__file__).parent)]) if m.name not in _NOT_FIGURES)


def get(slug: str) -> ModuleType:
    """The module that draws that claim.

    Raises:
        LonglagError: no such figure (the nearest slug is suggested).
    """
    if slug not in names():
        raise unknown("figure of a claim", slug, names())
    return importlib.import_module(f"{__name__}.{slug}")
