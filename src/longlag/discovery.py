"""Plug-ins by file: a package in which every file is one plug-in, found by its name.

One rule for every kind (methods, tasks, figures, tables, claims, verbs): a file is a plug-in, unless it is `base.py`,
which says what the kind is, or its name begins with an underscore. Folders are no plug-ins: `tools/` holds what the
files of a kind share. Names are read off the files, so that listing them imports none. One rule says what a name may
be, wherever it comes from: names become folders and words of commands.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import NoReturn, TypeVar

from longlag.errors import LonglagError, shown, unknown

T = TypeVar("T")
NAME = "[A-Za-z0-9][A-Za-z0-9_-]{0,99}"  # a regular expression


def check_name(name: object, what: str) -> None:
    """Raises LonglagError if that cannot be the name of `what`, such as "a method"."""
    if not (isinstance(name, str) and re.fullmatch(NAME, name)):
        rule = "at most 100 letters of the English alphabet, digits, - and _, the first a letter or a digit"
        raise LonglagError(f"{shown(name)} is no name for {what}; a name is {rule}")


@cache
def _names_in(path: str, _changed: int) -> tuple[str, ...]:
    """The names of plug-ins in a folder, which last changed then: a page asks for the labels of thousands."""
    files = (module.name for module in pkgutil.iter_modules([path]) if not module.ispkg)
    return tuple(sorted(name for name in files if name != "base" and not name.startswith("_")))


@dataclass(frozen=True)
class Folder:
    """The plug-ins of one kind.

    package: a package of longlag, such as "longlag.figures". kind: what error messages call one of them.
    """

    package: str
    kind: str

    @property
    def _path(self) -> Path:
        return Path(__file__).parent.joinpath(*self.package.split(".")[1:])

    def source(self, name: str) -> str:
        """The text of the file of that plug-in."""
        return (self._path / f"{name}.py").read_text("utf-8")

    def names(self) -> list[str]:
        """Sorted names of all files that are plug-ins; imports none of them."""
        path = self._path
        return [*_names_in(str(path), path.stat().st_mtime_ns)]

    def get(self, name: str) -> ModuleType:
        """The module of that name.

        Raises:
            LonglagError: no such plug-in (the nearest name is suggested).
        """
        if name not in self.names():
            raise unknown(self.kind, name, self.names())
        return importlib.import_module(f"{self.package}.{name}")

    def select(self, name: str) -> Sequence[str]:
        """The plug-ins that a name on the command line stands for: itself, or every one for "all".

        Raises:
            LonglagError: no such plug-in (the nearest name is suggested).
        """
        if name != "all" and name not in self.names():
            raise unknown(self.kind, name, [*self.names(), "all"])
        return self.names() if name == "all" else [name]


class OfKinds(dict[str, T]):
    """One value per kind, such as "methods"; a LonglagError for what is no kind."""

    def __missing__(self, kind: object) -> NoReturn:
        raise unknown("kind", str(kind), list(self))
