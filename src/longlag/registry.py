"""Plug-ins by file: a method is `methods/NAME.py` with `METHOD`, a task is `tasks/NAME.py` with `TASK`.

Three places are searched, in this order: the files of the package, the entry points `longlag.methods` and
`longlag.tasks` of installed packages, and the files named on the command line with `--plugin`. Names are read off
the files alone, so that the analysis half of longlag can list them without importing torch.
"""

from __future__ import annotations

import importlib.util
import sys
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from longlag.discovery import Folder
from longlag.errors import LonglagError, unknown

FOLDERS = {"methods": Folder("longlag.methods", "method"), "tasks": Folder("longlag.tasks", "task")}
_CONSTANTS = {"methods": "METHOD", "tasks": "TASK"}
_MEMBERS = {
    "methods": ("name", "label", "summary", "reference", "version", "build", "tune"),
    "tasks": ("name", "version", "reference", "traits", "loss", "baselines", "sample", "steps", "minimal_lag",
              "shortest", "population", "idle_class"),
}  # fmt: skip
_plugins: dict[str, dict[str, Any]] = {kind: {} for kind in _CONSTANTS}
_origins: dict[tuple[str, str], Path] = {}  # of plug-ins: a file may be loaded again


def names(kind: str) -> list[str]:
    """Sorted names of all methods or tasks (kind is "methods" or "tasks"); imports none of them."""
    return sorted({*FOLDERS[kind].names(), *_entry_points(kind), *_plugins[kind]})


def get(kind: str, name: str) -> Any:
    """The method or task of that name.

    Raises:
        LonglagError: no such name (the nearest one is suggested).
    """
    if name in _plugins[kind]:
        return _plugins[kind][name]
    if name in FOLDERS[kind].names():
        return getattr(FOLDERS[kind].get(name), _CONSTANTS[kind])
    if name in _entry_points(kind):
        return _from_entry_point(kind, name)
    raise unknown(kind.removesuffix("s"), name, names(kind))


def load_plugin(path: str) -> None:
    """Registers the METHOD and TASK constants of a Python file from outside the tree. The file's code is run.

    Raises:
        LonglagError: the file is missing, raises when imported, or defines neither constant.
    """
    file = Path(path)
    if not file.is_file():
        raise LonglagError(f"plug-in {path!r} is not a file; --plugin takes the path of a Python file")
    module = _import_file(file)
    found = {kind: getattr(module, name) for kind, name in _CONSTANTS.items() if name in vars(module)}
    if not found:
        raise LonglagError(f"plug-in {path!r} defines neither METHOD nor TASK; see docs/add-a-method.md")
    for kind, value in found.items():
        _check(kind, value, f"plug-in {path!r}")
        name = value.name
        if name in names(kind) and _origins.get((kind, name)) != file.resolve():
            raise LonglagError(f"plug-in {path!r} redefines {kind.removesuffix('s')} {name!r}; choose another name")
        _plugins[kind][name], _origins[kind, name] = value, file.resolve()


def _check(kind: str, value: Any, source: str) -> None:
    """A value of another class than `Method` or `Task` will do if it has the members of one."""
    what, constant = kind.removesuffix("s"), _CONSTANTS[kind]
    remedy = f"write {constant} = {what.capitalize()}(...), see docs/add-a-{what}.md"
    if isinstance(value, type):
        raise LonglagError(f"{source}: its {constant} is a class; {remedy}")
    missing = [member for member in _MEMBERS[kind] if not hasattr(value, member)]
    if missing:
        raise LonglagError(f"{source}: its {constant} lacks {', '.join(missing)}; {remedy}")
    if type(value.version) is not int or value.version < 1:
        raise LonglagError(f"{source}: its version is {value.version!r}; a version is a whole number from 1 up")


def _from_entry_point(kind: str, name: str) -> Any:
    source = f"entry point {name!r} of longlag.{kind}"
    try:
        value = _entry_points(kind)[name].load()
    except (Exception, SystemExit) as error:
        raise LonglagError(f"{source} failed on import: {type(error).__name__}: {error}") from error
    _check(kind, value, source)
    if value.name != name:
        raise LonglagError(f"{source} is a {kind.removesuffix('s')} called {value.name!r}; give both one name")
    return value


def _import_file(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"longlag_plugin_{abs(hash(file.resolve()))}_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise LonglagError(f"plug-in {str(file)!r} is not a Python file; its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up by name
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise LonglagError(f"plug-in {str(file)!r} failed on import: {type(error).__name__}: {error}") from error
    return module


@cache
def _entry_points(kind: str) -> dict[str, Any]:
    return {point.name: point for point in entry_points(group=f"longlag.{kind}")}
