"""Tables, one file each: TITLE, BESIDE (the figure it belongs to, if any), `build(runs) -> DataFrame` of words ready
to print, and `note(runs) -> str`.

They only word what `longlag.analysis.stats` computes; `longlag.tables.render` sets them as Markdown, LaTeX and HTML.
A new table is a new file. This module is light, so that names can be listed without building anything.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from longlag.errors import unknown

_NOT_TABLES = {"render"}


def names() -> list[str]:
    """Sorted names of all tables; imports none of them."""
    return sorted(m.name for m in pkgutil.iter_modules([str(Path(__file__).parent)]) if m.name not in _NOT_TABLES)


def get(name: str) -> ModuleType:
    """The module of that table.

    Raises:
        LonglagError: no such table (the nearest name is suggested).
    """
    if name not in names():
        raise unknown("table", name, [*names(), "all"])
    return importlib.import_module(f"{__name__}.{name}")


def select(name: str) -> Sequence[str]:
    """The tables that a name on the command line stands for: itself, or every one for "all".

    Raises:
        LonglagError: no such table (the nearest name is suggested).
    """
    if name == "all":
        return names()
    get(name)
    return [name]
