"""A paper's file: one design in stages, each of which is a suite. No torch, no pandas.

    paper: sutskever2013       # names the records, results/papers/sutskever2013
    methods: {...}             # keys of a suite, which every stage takes over
    stage: "1"                 # the one that is meant if none is named
    stages:
      rates: {what: "...", search: {grid: {optimiser.learning_rate.value: [1.0e-3, 1.0e-4]}}, cells: [...]}
      "1": {what: "...", after: [rates], cells: [...]}
    page: {...}                # the paper's tables and what is to be said of them (report/papers.py)

`picked` makes of it the suite PAPER-STAGE. A stage is trained `after` those whose choices it takes: what they chose for
a method and a task, from runs on tuning seeds, becomes settings of that method. Rows in the records are reused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from longlag import resources
from longlag.design import schemas
from longlag.errors import LonglagError, shown, unknown
from longlag.settings import without
from longlag.store import files

STAGES = "stages"
RECORDS = Path(resources.PAPERS)
CHOSEN = "chosen.yaml"  # in the folder of a paper's records: what its searches chose
PAGE = "page.html"  # likewise: its tables beside ours
_OF_A_PAPER = ("paper", "stage", STAGES, "page")  # keys of a paper's file that no suite has
_OF_A_STAGE = ("what", "after")
Choices = Mapping[str, Mapping[str, Mapping[str, Mapping[str, Any]]]]  # stage -> method -> task -> path -> value


def names() -> list[str]:
    """The papers of the working directory's config/papers and of the package."""
    return sorted(_files())


def read(paper: str) -> dict[str, Any]:
    """The file of a paper, config/papers/NAME.yaml of the working directory or of the package.

    Raises:
        LonglagError: there is none, or it is refused.
    """
    if paper not in (known := _files()):
        raise unknown("paper", paper, sorted(known))
    config = dict(schemas.normalised(schemas.load(known[paper])))
    check(config)
    return config


def _files() -> dict[str, Path]:
    places = [resources.find("config"), Path("config")]
    return {file.stem: file for place in places for file in sorted((place / "papers").glob("*.yaml"))}


def check(config: Mapping[str, Any]) -> None:
    """Raises LonglagError for a paper's file with a wrong key or value, a stage that comes before itself, or a
    search without a grid."""
    schemas.check("paper", _with_texts(config))
    for name, body in bodies(config).items():
        in_order(config, name)
        search = body.get("search", config.get("search"))
        if isinstance(search, Mapping) and "grid" not in search:  # the schema of a suite says what else is wrong
            raise LonglagError(
                f"the search {shown(dict(search))} of stage {name!r} has no grid, of whose points a paper chooses; "
                "write search: {grid: {optimiser.learning_rate.value: [1.0e-3, 1.0e-4]}}"
            )


def bodies(config: Mapping[str, Any]) -> dict[str, Any]:
    """The stages of a paper's file by name, in its order. YAML reads 1 as a number; names are texts."""
    return {str(name): body for name, body in config[STAGES].items()}


def stage_names(config: Mapping[str, Any]) -> list[str]:
    """The stages of a paper's file, in its order."""
    return [*bodies(config)]


def default(config: Mapping[str, Any]) -> str:
    """The stage that is meant if none is named: `stage` of the file, else its first one."""
    return str(config.get("stage", stage_names(config)[0]))


def in_order(config: Mapping[str, Any], name: str) -> list[str]:
    """A stage and all that come before it, first things first.

    Raises:
        LonglagError: an unknown stage, or a circle.
    """
    return _in_order(bodies(config), name, ())


def _in_order(found: Mapping[str, Any], name: str, above: tuple[str, ...]) -> list[str]:
    if name not in found:
        raise unknown("stage", name, list(found))
    if name in above:
        raise LonglagError(f"stage {name!r} comes after itself: {' after '.join([*above, name])}; drop one `after`")
    before = [one for of in found[name].get("after", []) for one in _in_order(found, str(of), (*above, name))]
    return [*dict.fromkeys([*before, name])]


def picked(config: Mapping[str, Any], stand_in: bool = False) -> dict[str, Any]:
    """The suite of the stage that `stage` names; a config without stages as it is.

    stand_in: where nothing is chosen yet, a method keeps the settings that it has: enough to say what a stage costs.

    Raises:
        LonglagError: an unknown stage, a wrong key, or a stage whose choices are not made yet.
    """
    if STAGES not in config:
        return dict(config)
    check(config)
    paper, name, found = str(config["paper"]), default(config), bodies(config)
    in_order(config, name)
    shared = {key: value for key, value in config.items() if key not in (*_OF_A_PAPER, "suite")}
    body = {key: value for key, value in found[name].items() if key not in _OF_A_STAGE}
    if "search" in body:
        shared.pop("seeds", None)  # those of reported runs; a search has its own
    title = f"{config.get('title', paper)}: {found[name]['what']}"
    suite = {**shared, **body, "suite": f"{paper}-{name}", "title": title, "paper": paper}
    methods, reuse = suite.get("methods", {}), suite.get("reuse", [])
    if not (_of_mappings(methods) and isinstance(reuse, list)):
        return suite  # the schema of a suite says what is wrong
    suite["methods"] = _chosen(suite, _wanted(config, name), paper, stand_in)
    record = RECORDS / paper / "runs.csv"
    suite["reuse"] = [*reuse, *([record.as_posix()] if files.is_file(record) else [])]
    return suite


def _of_mappings(methods: object) -> bool:
    return isinstance(methods, Mapping) and all(isinstance(of, Mapping) for of in methods.values())


def _with_texts(config: Mapping[str, Any]) -> dict[str, Any]:
    """The file with names of stages as texts: YAML reads 1 as a number, and so does `--config stage=1`."""
    full = dict(config)
    if isinstance(full.get(STAGES), Mapping):
        full[STAGES] = bodies(full)
    return {**full, "stage": str(full["stage"])} if "stage" in full else full


def _wanted(config: Mapping[str, Any], name: str) -> dict[tuple[str, str], str]:
    """(method, task) -> the stage that chooses for it, for all that the stages before this one search."""
    found: dict[tuple[str, str], str] = {}
    for before in in_order(config, name)[:-1]:
        body = bodies(config)[before]
        if "search" in body:
            found |= dict.fromkeys(_pairs(body["cells"]), before)
    return found


def _pairs(cells: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    return [(method, task) for cell in cells for method in cell["methods"] for task in cell["tasks"]]


def _chosen(suite: Mapping[str, Any], wanted: Mapping[tuple[str, str], str], paper: str, stand_in: bool) -> Any:
    """The settings of methods, with those that were chosen."""
    methods = {name: dict(of) for name, of in suite.get("methods", {}).items()}
    choices = read_choices(paper) if wanted else {}
    for method, task in _pairs(suite["cells"]):
        stage = wanted.get((method, task))
        values = choices.get(stage or "", {}).get(method, {}).get(task)
        if stage is None or "search" in suite or (values is None and stand_in):
            continue
        if values is None:
            raise LonglagError(
                f"nothing is chosen yet for {method} on {task}: run stage {stage!r} of {paper} first, "
                f"make paper NAME={paper} STAGE={stage}"
            )
        of = methods.setdefault(method, {})
        own = dict(of.get("tasks", {}))
        of["tasks"] = {**own, task: {**without(own.get(task, {}), values), **values}}
    return methods


def record_of(paper: str, name: str) -> Path:
    """A file of a paper's records: that of the working directory, else the package's, which may be missing.

    Not the folder decides: a page alone, which `longlag paper` writes there, is no record.
    """
    own = RECORDS / paper / name
    return own if files.is_file(own) else resources.root() / own


def read_choices(paper: str) -> Choices:
    """What the searches of a paper chose; {} if none has ended.

    Raises:
        LonglagError: a damaged file.
    """
    path = record_of(paper, CHOSEN)
    return schemas.normalised(schemas.load(path)) if files.is_file(path) else {}
