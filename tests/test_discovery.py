"""One rule says which files are plug-ins, for every kind of them."""

from collections.abc import Callable
from pathlib import Path

import pytest

import longlag
from longlag import cli, figures, lecture, protocol, registry, tables
from longlag.analysis import Analysis, stats
from longlag.design import schemas
from longlag.discovery import NAME, Folder, check_name
from longlag.engine.spec import RunSpec, resolve
from longlag.errors import LonglagError
from longlag.figures import lecture as drawings
from longlag.store.records import Point, Row
from longlag.tasks import load
from longlag.torch_data import TaskDataset

KINDS = [figures.FIGURES, tables.TABLES, lecture.CLAIMS, drawings.DRAWINGS, cli.VERBS, *registry.FOLDERS.values()]
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.package)
SOURCE = Path(longlag.__file__).parent


def files(kind: Folder) -> Path:
    return SOURCE.parent.joinpath(*kind.package.split("."))


@every_kind
def test_every_file_is_a_plug_in_but_base_and_underscored_ones(kind: Folder) -> None:
    stems = {path.stem for path in files(kind).glob("*.py")}
    assert set(kind.names()) == {stem for stem in stems if stem != "base" and not stem.startswith("_")}
    assert kind.names() == sorted(kind.names())
    for name in kind.names():
        assert kind.get(name).__name__ == f"{kind.package}.{name}"


@every_kind
def test_what_is_no_plug_in_is_refused(kind: Folder) -> None:
    within = [path.name for path in files(kind).iterdir() if path.is_dir()]
    for name in ["base", "__init__", "_sequences", "nosuch", "all", *within]:
        with pytest.raises(LonglagError, match=f"unknown {kind.kind} '{name}'"):
            kind.get(name)


@every_kind
def test_all_stands_for_every_one(kind: Folder) -> None:
    assert kind.select("all") == kind.names()
    assert kind.select(kind.names()[0]) == kind.names()[:1]
    with pytest.raises(LonglagError, match=f"unknown {kind.kind} 'nosuch'.*all"):
        kind.select("nosuch")


def test_a_module_that_is_no_plug_in_has_its_place_in_the_architecture() -> None:
    """Files of plug-ins are found by their names; a reader finds all others by docs/architecture.md."""
    text = (SOURCE.parents[1] / "docs/architecture.md").read_text("utf-8")
    plugs_in = {files(kind) / f"{name}.py" for kind in KINDS for name in kind.names()}
    others = {path for path in SOURCE.rglob("*.py") if not path.name.startswith("__")} - plugs_in
    paths = sorted(path.relative_to(SOURCE).as_posix() for path in others)
    assert [path for path in paths if f"`{path}`" not in text] == []


def test_no_other_module_searches_folders_for_plug_ins() -> None:
    searching = [path for path in SOURCE.rglob("*.py") if "iter_modules" in path.read_text()]
    assert searching == [SOURCE / "discovery.py"]


NO_NAMES = {
    "a number": lambda: load(5, lag=10),
    "nothing": lambda: registry.get("methods", None),
    "a list of names": lambda: registry.get("tasks", ["adding"]),
    "a value instead of its name": lambda: TaskDataset(load("adding", lag=10).task, lag=10),
    "of a spec": lambda: resolve(RunSpec("adding", 10, 7, (0,))),
    "of rules": lambda: protocol.Rules.of({5: 1, "x": 2}),
    "of an analysis": lambda: Analysis(stats.frame(Row, []), stats.frame(Point, [])).only([5]),
}


@pytest.mark.parametrize("ask", NO_NAMES.values(), ids=NO_NAMES)
def test_what_is_no_text_is_an_unknown_name(ask: Callable[[], object]) -> None:
    with pytest.raises(LonglagError, match=r"^unknown [a-z ]+ .{1,80}; known: "):
        ask()


BAD_NAMES = [
    "",
    "../escape",
    "x{y}",
    "-dash",
    "_x",
    ".",
    "..",
    "a/b",
    "a b",
    "a\n",
    "a" * 101,
    "ä",
    'a"',
    "$(x)",
    None,
    3,
]


def test_a_name_becomes_a_folder_and_a_word_of_a_command() -> None:
    for name in ["a", "temporal_order", "5bit", "A-b_3", "a" * 100]:
        check_name(name, "a task")
    for bad in BAD_NAMES:
        with pytest.raises(LonglagError, match="is no name for a task; a name is at most 100 letters"):
            check_name(bad, "a task")


@every_kind
def test_names_in_the_tree_keep_the_rule(kind: Folder) -> None:
    for name in kind.names():
        check_name(name, kind.kind)


def design(**changes: object) -> dict[str, object]:
    return {"suite": "s", "cells": [{"methods": ["m"], "tasks": ["t"], "group": "g"} | changes]}


@pytest.mark.parametrize("bad", BAD_NAMES)
def test_a_design_holds_names_by_the_same_rule(bad: object) -> None:
    schemas.check("suite", design())
    for wrong in (design() | {"suite": bad}, design(group=bad), design(methods=[bad]), design(tasks=["t", bad])):
        with pytest.raises(LonglagError, match="it must be a name of at most 100 letters, digits, - and _"):
            schemas.check("suite", wrong)


def test_the_schema_says_what_the_rule_says() -> None:
    text = (SOURCE / "design/schemas/suite.schema.json").read_text()
    assert text.count(f'"^{NAME}$(?!\\\\n)"') == 3


@pytest.mark.parametrize(
    "ask", [lambda: registry.names("method"), lambda: registry.get("method", "esn"), lambda: registry.loaded("method")]
)
def test_a_kind_that_is_none_is_named_with_the_right_one(ask: Callable[[], object]) -> None:
    with pytest.raises(LonglagError, match="unknown kind 'method'; did you mean 'methods'"):
        ask()
