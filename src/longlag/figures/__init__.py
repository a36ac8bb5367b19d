"""Figures, one file each: TITLE, ORDER (its place on the page), `draw(runs, curves) -> Figure` and
`caption(runs, curves) -> str`.

They only draw; numbers come from `longlag.analysis.stats`. A new figure is a new file: it is found here, by the command
`longlag figure NAME` and by the report. Folders within this one hold figures of something else than a suite. This
module is light, so that names can be listed without drawing anything.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from longlag.errors import unknown

_NOT_FIGURES = {"heatmap", "layout", "lecture", "style"}


def names() -> list[str]:
    """Sorted names of all figures; imports none of them."""
    modules = pkgutil.iter_modules([str(Path(__file__).parent)])
    return sorted(m.name for m in modules if not m.ispkg and m.name not in _NOT_FIGURES)


def get(name: str) -> ModuleType:
    """The module of that figure.

    Raises:
        LonglagError: no such figure (the nearest name is suggested).
    """
    if name not in names():
        raise unknown("figure", name, [*names(), "all"])
    return importlib.import_module(f"{__name__}.{name}")


def select(name: str) -> Sequence[str]:
    """The figures that a name on the command line stands for: itself, or every one for "all".

    Raises:
        LonglagError: no such figure (the nearest name is suggested).
    """
    if name == "all":
        return names()
    get(name)
    return [name]
