"""Plug-ins by file: a method is `methods/NAME.py` with `METHOD`, a task is `tasks/NAME.py` with `TASK`.

Three places are searched, in this order: the files of the package, the entry points `longlag.methods` and
`longlag.tasks` of installed packages, and the files of `--plugin`. Names are read off the files alone, so that the
analysis half of longlag can list them without importing torch.

Numbers of the package are guarded by numerics versions and golden numbers. Nothing guards those of a plug-in, so that
a digest of its source is part of every spec: an edited plug-in is another plug-in, whatever version it says.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from longlag.discovery import Folder, OfKinds, check_name
from longlag.errors import LonglagError, documentation, in_a_line, printable, unknown

FOLDERS = OfKinds({"methods": Folder("longlag.methods", "method"), "tasks": Folder("longlag.tasks", "task")})
_CONSTANTS = {"methods": "METHOD", "tasks": "TASK"}
_MEMBERS = {
    "methods": ("name", "label", "summary", "reference", "version", "build", "tune"),
    "tasks": ("name", "version", "reference", "traits", "loss", "baselines", "sample", "steps", "minimal_lag",
              "shortest", "population", "idle_class"),
}  # fmt: skip
ONE_SETTING, RECIPE = "_one", "_recipe"  # endings of the rows beside a tuned method
TUNED_ROWS = {ONE_SETTING: "one setting", RECIPE: "recipe"}  # and what they have
_plugins: OfKinds[dict[str, Any]] = OfKinds({kind: {} for kind in _CONSTANTS})
_labels: dict[tuple[str, str], str] = {}  # of plug-ins whose code was not run
_LONGEST_LABEL = 100  # letters
_DOCUMENT = "docs/add-a-method.md"  # of plug-ins
_origins: dict[tuple[str, str], _Origin] = {}  # of plug-ins: a file may be loaded again


@dataclass(frozen=True)
class _Origin:
    """Where a plug-in of the command line came from: its file, a digest of that file, and what its docstring says."""

    file: Path
    digest: str
    document: str


def names(kind: str) -> list[str]:
    """Sorted names of all methods or tasks (kind is "methods" or "tasks"); imports none of them."""
    return sorted({*FOLDERS[kind].names(), *_entry_points()[kind], *_plugins[kind]})


def loaded(kind: str) -> list[str]:
    """Sorted names of those that `load_plugin` has registered."""
    return sorted(_plugins[kind])


def get(kind: str, name: str, plugin: str = "add --plugin FILE for a plug-in") -> Any:
    """The method or task of that name. plugin: how to load one from outside, which an error says if none is loaded.

    Raises:
        LonglagError: no such name (the nearest one is suggested).
    """
    if not isinstance(name, str):
        raise unknown(kind.removesuffix("s"), name, names(kind))
    if name in _plugins[kind]:
        return _plugins[kind][name]
    if name in FOLDERS[kind].names():
        return getattr(FOLDERS[kind].get(name), _CONSTANTS[kind])
    if name in _entry_points()[kind]:
        return _from_entry_point(kind, name)
    remedy = "" if any(_plugins.values()) else f"; {plugin}"
    raise LonglagError(f"{unknown(kind.removesuffix('s'), name, names(kind), partial(label, kind))}{remedy}")


def source(kind: str, name: str) -> dict[str, str]:
    """{"source": digest} of a plug-in from outside the tree, {} of one in it.

    The digest is of the file that `--plugin` names, or of all Python files of the package (or of the module) that an
    entry point names. What these import from elsewhere is not in it: raise the version when that changes a number.
    """
    if (kind, name) in _origins:
        return {"source": _origins[kind, name].digest}
    if name in _plugins[kind] or name in FOLDERS[kind].names() or name not in _entry_points()[kind]:
        return {}
    return {"source": _installed_digest(_entry_points()[kind][name].module.partition(".")[0])}


def label(kind: str, name: str) -> str:
    """What people call the method or task of that name, as in the middle of a sentence: "temporal order".

    It is read off the file, without importing it. A plug-in that is not loaded keeps its label if `read_labels` has
    seen its file. `lstm_one`, a row of a suite with `tuned`, is "LSTM (one setting)", and `lstm-low` is "LSTM (low)".
    What has no label is called by its name with spaces.
    """
    if name in _plugins[kind]:
        return str(getattr(_plugins[kind][name], "label", "")) or name.replace("_", " ")
    known = _label_in_file(kind, name) if name in FOLDERS[kind].names() else _labels.get((kind, name), "")
    return known or _label_of_row(kind, name) or name.replace("_", " ")


def _label_of_row(kind: str, name: str) -> str:
    """What a row beside a tuned method is called; empty for other names."""
    for ending, has in TUNED_ROWS.items():
        method = name.removesuffix(ending)
        if method != name and kind == "methods" and method in names(kind):
            return f"{label(kind, method)} ({has})"
    return _label_of_variant(kind, name)


def _label_of_variant(kind: str, name: str) -> str:
    """What `METHOD-ENDING` is called, which a suite or `longlag merge` made of a method; empty for other names."""
    method, dash, ending = name.rpartition("-")
    if not (dash and kind == "methods"):
        return ""
    known = method in names(kind) or (kind, method) in _labels
    of = label(kind, method) if known else _label_of_row(kind, method)
    return f"{of[:-1]}, {ending})" if of.endswith(")") else f"{of} ({ending})" if of else ""


def read_labels(files: Iterable[Path]) -> None:
    """Keeps the labels of the METHOD and TASK constants of plug-in files, whose code is not run. What a file does not
    spell out, and a file that cannot be read, has none."""
    for path in files:
        try:
            tree = ast.parse(path.read_bytes())
        except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for kind, constant in _CONSTANTS.items():
            call = _call(tree, constant)
            given = {**dict(zip(("name", "label"), call.args, strict=False)), **_keywords(call)} if call else {}
            name, said = (_text(given.get(word)) for word in ("name", "label"))
            if name and said and name not in names(kind):
                _labels[kind, name] = printable(said)[:_LONGEST_LABEL]


def tunable() -> list[str]:
    """Sorted names of the methods of the package that declare a space for a search; ablations keep the settings of
    their parents. Read off the files, without importing them."""
    return [name for name in FOLDERS["methods"].names() if _declares_a_space(name)]


def _declares_a_space(name: str) -> bool:
    callee, keywords = _definition("methods", name)
    return callee == "Method" and "tune" in keywords


@cache
def _label_in_file(kind: str, name: str) -> str:
    """The text given as `label=` where the file defines its METHOD or TASK; empty if there is none."""
    return _text(_definition(kind, name)[1].get("label"))


@cache
def _definition(kind: str, name: str) -> tuple[str, dict[str, ast.expr]]:
    """What a file calls to define its METHOD or TASK, and the keywords of that call; "" and {} if it calls nothing."""
    call = _call(ast.parse(FOLDERS[kind].source(name)), _CONSTANTS[kind])
    return (ast.unparse(call.func), _keywords(call)) if call else ("", {})


def _call(tree: ast.Module, constant: str) -> ast.Call | None:
    """The call that a file assigns to METHOD or TASK."""
    for node in (node for node in tree.body if isinstance(node, ast.Assign)):
        named = {target.id for target in node.targets if isinstance(target, ast.Name)}
        if constant in named and isinstance(node.value, ast.Call):
            return node.value
    return None


def _keywords(call: ast.Call) -> dict[str, ast.expr]:
    return {word.arg: word.value for word in call.keywords if word.arg}


def _text(value: ast.expr | None) -> str:
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else ""


def file(kind: str, name: str) -> Path | None:
    """The file that `load_plugin` read for a method or task; None for all others."""
    return _origins[kind, name].file if (kind, name) in _origins else None


def defined_in(path: str) -> list[tuple[str, str]]:
    """What the file has registered that `load_plugin` read: (kind, name), methods first."""
    resolved = Path(path).resolve()
    return sorted(key for key, origin in _origins.items() if origin.file == resolved)


def document(kind: str, name: str) -> str:
    """The docstring of the file that defines the method or task of that name; empty if it has none.

    Raises:
        LonglagError: no such name (the nearest one is suggested).
    """
    get(kind, name)
    if (kind, name) in _origins:
        return _origins[kind, name].document
    module = _entry_points()[kind][name].module if name in _entry_points()[kind] else f"{FOLDERS[kind].package}.{name}"
    return (sys.modules[module].__doc__ or "").strip()


def load_plugin(path: str) -> None:
    """Registers the METHOD and TASK constants of a Python file from outside the tree. The file's code is run.

    Raises:
        LonglagError: the file is missing, raises when imported, or defines neither constant.
    """
    file = Path(path)
    if not os.path.isfile(file):  # False for a name that the system refuses as well
        raise LonglagError(f"plug-in {path!r} is not a file; name a Python file with METHOD or TASK")
    try:
        content = file.read_bytes()
    except OSError as error:
        raise LonglagError(f"cannot read plug-in {path!r}: {error.strerror}") from error
    module = _import_file(file, content)
    origin = _Origin(file.resolve(), _digest([content]), (module.__doc__ or "").strip())
    found = {kind: getattr(module, name) for kind, name in _CONSTANTS.items() if name in vars(module)}
    if not found:
        raise LonglagError(f"plug-in {path!r} defines neither METHOD nor TASK; see {documentation(_DOCUMENT)}")
    for kind, value in found.items():
        _check(kind, value, f"plug-in {path!r}")
        known = _origins.get((kind, value.name))
        if value.name in names(kind) and (known is None or known.file != file.resolve()):
            raise LonglagError(
                f"plug-in {path!r} redefines {kind.removesuffix('s')} {value.name!r}; choose another name"
            )
    for kind, value in found.items():
        _plugins[kind][value.name], _origins[kind, value.name] = value, origin


def _check(kind: str, value: Any, where: str) -> None:
    """A value of another class than `Method` or `Task` will do if it has the members of one."""
    what, constant = kind.removesuffix("s"), _CONSTANTS[kind]
    remedy = f"write {constant} = {what.capitalize()}(...), see {documentation(f'docs/add-a-{what}.md')}"
    if isinstance(value, type):
        raise LonglagError(f"{where}: its {constant} is a class; {remedy}")
    missing = [member for member in _MEMBERS[kind] if not hasattr(value, member)]
    if missing:
        raise LonglagError(f"{where}: its {constant} lacks {', '.join(missing)}; {remedy}")
    try:
        check_name(value.name, f"a {what}")
    except LonglagError as error:
        raise LonglagError(f"{where}: {error}") from None
    if type(value.version) is not int or value.version < 1:
        raise LonglagError(f"{where}: its version is {value.version!r}; a version is a whole number from 1 up")


def _from_entry_point(kind: str, name: str) -> Any:
    where = f"entry point {name!r} of longlag.{kind}"
    try:
        value = _entry_points()[kind][name].load()
    except (Exception, SystemExit) as error:
        raise LonglagError(f"{where} failed on import: {type(error).__name__}: {error}") from error
    _check(kind, value, where)
    if value.name != name:
        raise LonglagError(f"{where} is a {kind.removesuffix('s')} called {value.name!r}; give both one name")
    return value


def _import_file(file: Path, content: bytes) -> ModuleType:
    """Runs just these bytes: compiled ones beside the file may be of an older edit of the same second."""
    spec = importlib.util.spec_from_file_location(f"longlag_plugin_{abs(hash(file.resolve()))}_{file.stem}", file)
    if spec is None:
        raise LonglagError(f"plug-in {str(file)!r} is not a Python file; its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up by name
    try:
        exec(compile(content, str(file), "exec"), vars(module))
    except (Exception, SystemExit) as error:
        raise LonglagError(f"plug-in {str(file)!r} failed on import: {in_a_line(error, file)}") from error
    return module


@cache
def _entry_points() -> dict[str, dict[str, Any]]:
    """The entry points of all installed packages, by kind and name: finding them reads a file of every package."""
    found = entry_points()
    return {kind: {point.name: point for point in found.select(group=f"longlag.{kind}")} for kind in _CONSTANTS}


@cache
def _installed_digest(package: str) -> str:
    """Of the Python files of an installed package, or of a module that is one file."""
    found = importlib.util.find_spec(package)
    folders = [Path(folder) for folder in (found.submodule_search_locations or ())] if found else []
    paths = sorted(path for folder in folders for path in folder.rglob("*.py"))
    return _digest(path.read_bytes() for path in paths or [Path(str(found and found.origin))])


def _digest(contents: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for content in contents:
        digest.update(len(content).to_bytes(8) + content)
    return digest.hexdigest()[:16]
