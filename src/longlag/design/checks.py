"""What a design must keep besides its schema: sizes, names, files, and no run in two cells."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from longlag import protocol, registry, resources
from longlag.design import search, tuned
from longlag.design.job import Job, in_words
from longlag.errors import LonglagError, unknown
from longlag.store import files
from longlag.store.records import Key, check_columns

MAX_RUNS = 10_000_000


def check_size(full: Mapping[str, Any]) -> None:
    """Before anything is listed: a million seeds are easily written.

    Raises:
        LonglagError: the suite asks for more than `MAX_RUNS` runs.
    """
    runs = 0
    for cell in full["cells"]:
        get = {**full, **cell}.__getitem__
        methods = len(cell["methods"]) * search.size(full["search"])
        runs += methods * len(cell["tasks"]) * len(get("lags")) * len(seeds(full, cell))
    if runs > MAX_RUNS:
        raise LonglagError(f"the suite asks for {runs:,} runs; at most {MAX_RUNS:,}, so choose fewer seeds or lags")


def seeds(full: Mapping[str, Any], cell: Mapping[str, Any]) -> range:
    """The seeds of a cell: the search's, if the design is one.

    Raises:
        LonglagError: there are no seeds, or a search has those of reported runs, or a suite those of tuning.
    """
    return seeds_of({**full, **cell}["seeds"]) if full["search"] is None else search.seeds(full["search"])


def seeds_of(value: str | int) -> range:
    """The seeds that "first:end", or a number, stands for.

    Raises:
        LonglagError: it stands for no seeds, or for those of tuning.
    """
    text = value if isinstance(value, str) else f"0:{value}"
    found = range(*map(int, text.split(":")))
    if not found:
        raise LonglagError(f"seeds {value!r} is an empty range; the end of first:end is not part of it")
    if found.stop > protocol.FIRST_TUNING_SEED:
        raise LonglagError(f"seeds {value!r} go beyond {protocol.FIRST_TUNING_SEED - 1}; later ones are for tuning")
    return found


def check_names(full: Mapping[str, Any]) -> None:
    """Names of plug-ins are known only to the process that loads them: `longlag design` checks those.

    Raises:
        LonglagError: a plug-in's file is not there, a variant is not one, or a name is unknown without any plug-in.
    """
    for plugin in full["plugins"]:
        if not files.is_file(plugin):
            raise LonglagError(
                f"plug-in {plugin!r} is not a file in {Path.cwd()}; `plugins` takes paths of Python files, relative to "
                f"the working folder{_shipped(plugin)}"
            )
    named = {name for cell in full["cells"] for name in cell["methods"]}
    variants = [name for name, of in full["methods"].items() if "from" in of]
    _check_variants(full, variants, named)
    if not full["plugins"]:
        _check_all_known(full, variants, named)


def _check_variants(full: Mapping[str, Any], variants: Sequence[str], named: Container[str]) -> None:
    """Raises LonglagError for a variant whose name is taken, in no cell, or of another variant. named: in cells."""
    for name in variants:
        if name in registry.names("methods"):
            raise LonglagError(f"methods.{name} is a variant with the name of a method; choose another name")
        if name in tuned.rows(full["tuned"]):
            raise LonglagError(f"methods.{name} is a variant with a name that `tuned` gives; choose another name")
    for name in variants:
        if name not in named and not full["paper"]:  # the stages of a paper share `methods`
            raise LonglagError(
                f"methods.{name} is in no cell, so nothing would train it; name it in a cell or delete it"
            )
        if (base := full["methods"][name]["from"]) in variants:
            raise LonglagError(
                f"methods.{name} is from {base!r}, a variant itself; `from` takes a method: name that one and give all "
                "settings"
            )


def _check_all_known(full: Mapping[str, Any], variants: Sequence[str], named: Container[str]) -> None:
    """Raises LonglagError for a method or task that is not the package's. named: in cells."""
    rows = tuned.rows(full["tuned"])
    known = [*registry.names("methods"), *rows]
    bases = [name for name in full["methods"] if name not in variants]
    for name in bases:
        if name not in known and name in named:
            raise LonglagError(
                f"methods.{name} is no method of the package; a variant says which one it is of: "
                f"{name}: {{from: METHOD, ...}}"
            )
    variants_of = [full["methods"][name]["from"] for name in variants]
    _check_known("method", variants_of, registry.names("methods"))  # a row of `tuned` is no method
    _check_known("method", bases, known)
    tasks = [*(task for of in full["methods"].values() for task in of.get("tasks", {}))]
    for cell in full["cells"]:
        try:
            _check_known("method", cell["methods"], [*registry.names("methods"), *variants, *rows])
        except LonglagError as error:
            declared = (
                "a variant is declared: methods: {NAME: {from: METHOD, ...}}, the file of a plug-in: plugins: [FILE]"
            )
            raise LonglagError(f"{error}; {declared}") from None
        tasks += cell["tasks"]
    _check_known("task", tasks, registry.names("tasks"))


def _shipped(plugin: str) -> str:
    """Where the package has a plug-in that one of its suites names; empty for another."""
    path = resources.root() / plugin
    return f"; copy {path} there" if files.is_file(path) else ""


def _check_known(kind: str, used: Iterable[str], known: Sequence[str]) -> None:
    for name in used:
        if name not in known:
            raise unknown(kind, name, known, partial(registry.label, f"{kind}s"))


def check_reuse(full: Mapping[str, Any]) -> None:
    """The files of `reuse` are there and hold rows, and this suite does not write them itself.

    Raises:
        LonglagError: one of them is not there, is no file of rows, or is this suite's own.
    """
    for path in full["reuse"]:
        if not files.is_file(path):
            raise LonglagError(
                f"{path!r} in reuse is not a file; reuse takes paths of runs.csv files, relative to the working folder "
                f"({Path.cwd()})"
            )
        check_columns(path)
        if Path(path).parts[:2] == ("results", full["suite"]):
            raise LonglagError(
                f"{path!r} in reuse is written by this suite itself; copy it, and curves.parquet beside it, to another "
                "folder and name the copy"
            )


def check_overlap(cells: Sequence[Sequence[Job]]) -> None:
    """No run is in two cells, and no two cells write one folder.

    Raises:
        LonglagError: two cells ask for one run, or for jobs of one folder.
    """
    runs: dict[Key, int] = {}
    folders: dict[Path, int] = {}
    for number, jobs in enumerate(cells):
        for job in jobs:
            for key in job.runs():
                if key in runs:
                    raise LonglagError(f"cells[{runs[key]}] and cells[{number}] both ask for {in_words(key)}; drop one")
                runs[key] = number
            if job.folder in folders:
                raise LonglagError(
                    f"cells[{folders[job.folder]}] and cells[{number}] both write {job.folder}; "
                    "merge them or give one of them a group name"
                )
            folders[job.folder] = number
