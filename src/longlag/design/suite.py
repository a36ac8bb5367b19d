"""The experimental design: a suite of cells, checked and cut into jobs. No torch, no pandas.

A *cell* crosses methods with tasks; each pair climbs a ladder of lags with each of its seeds. A *job* is one process:
one method, one task (or those of a named group), one chunk of seeds, all lags. The chunk of a seed is
seed // seeds_per_job, so a new seed never renames the output of another.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

from longlag import protocol, registry
from longlag.design import checks, schemas, search, stages, tuned
from longlag.design.job import Job
from longlag.errors import LonglagError, unknown
from longlag.settings import without
from longlag.store import files
from longlag.store.records import Key

Digests = dict[str, dict[str, dict[str, str | None]]]  # job's folder -> task -> lag -> digest

_DEFAULTS: dict[str, Any] = {
    "title": "",
    "seeds": "0:3",
    "lags": [10, 20, 50],
    "budget": protocol.DEFAULT_BUDGET,
    "timeout": None,
    "seeds_per_job": 3,
    "device": "cpu",
    "plugins": [],
    "reuse": [],
    "methods": {},
    "flow": False,
    "rules": {},
    "search": None,
    "tuned": None,
    "paper": None,
    "stop": protocol.STOPS[0],
}


@dataclass(frozen=True)
class Suite:
    """A checked design.

    config: the design as it was given, for the record.
    digests: of every run, if they are known: what its rows must carry as `spec_hash` (see `design/digests.py`).
    source: where the design was read, for errors.
    """

    name: str
    title: str
    config: Mapping[str, Any]
    jobs: tuple[Job, ...]
    digests: Digests | None = None
    source: str = field(default="suite", compare=False)

    def expected(self) -> dict[Key, Job]:
        """Every (task, method, lag, seed) that must have a row, and the job that writes it."""
        return {key: job for job in self.jobs for key in job.runs()}

    @property
    def plugins(self) -> tuple[str, ...]:
        """The files of plug-ins that the design names."""
        return tuple(self.config.get("plugins", ()))

    @property
    def reuse(self) -> tuple[str, ...]:
        """The runs files whose rows may be taken instead of trained."""
        return tuple(self.config.get("reuse", ()))

    @property
    def search(self) -> Mapping[str, Any] | None:
        """How many candidates and seeds, if the design is a search."""
        return self.config.get("search")

    @property
    def paper(self) -> str | None:
        """The paper, if the design is a stage of one."""
        return self.config.get("paper")

    def to_json(self, digests: Digests | None = None) -> str:
        """The design as one line of JSON, which `read` reads back, with the digests if they are given."""
        return json.dumps({**self.config, **({"digests": digests} if digests else {})}, sort_keys=True)

    def wanted(self, job: Job | None = None) -> dict[Key, str | None]:
        """The runs of a job, or of all jobs, and the digest that each row must have; None if the run cannot be built.

        Raises:
            LonglagError: the digests are not known.
        """
        if self.digests is None:
            raise LonglagError(f"suite {self.name} has no digests; write them with `longlag design`")
        found: dict[Key, str | None] = {}
        for each in self.jobs if job is None else (job,):
            known = self.digests.get(each.folder.as_posix(), {})
            found |= {key: known.get(key[0], {}).get(str(key[2])) for key in each.runs()}
        return found


def read(path: str | Path) -> Suite:
    """Reads a suite from a YAML (or JSON) file.

    Raises:
        LonglagError: the file is missing or not YAML, or `parse` refuses its content.
    """
    return parse(schemas.load(Path(path)), str(path), Path(path).parent, partial(schemas.line, Path(path)))


def find(config: Mapping[str, Any], folders: Sequence[Path], given: str = "") -> Suite:
    """The suite that Snakemake's `config` means: the config itself if it has cells, else the file NAME.yaml of the
    first folder that has it, NAME being config["suite"]; other keys replace the file's. If the config has neither,
    config.yaml of the first folder that has one completes it. given: where the config came from, for errors.

    Raises:
        LonglagError: no such file (the nearest one is suggested), or `parse` refuses its content.
    """
    found = {file.stem: file for folder in reversed(folders) for file in folder.glob("*.yaml")}
    default = found.pop("config", None)
    if default is not None and not {"cells", "suite", stages.STAGES} & {*config}:
        given = " and ".join(filter(None, [str(default), given]))
        config = {**schemas.load(default), **config}
    if "cells" in config or stages.STAGES in config:
        return parse(config, given or "the suite")
    name = str(config.get("suite", "standard"))
    if name not in found:
        remedy = "a suite of your own is a YAML file with cells: snakemake --configfile FILE, longlag run FILE"
        own = name if name.endswith((".yaml", ".yml")) else f"{name}.yaml"
        places = {folder.resolve(): str(folder) for folder in reversed(folders)}  # the same one is named once
        looked = f"{own} was looked for in {' and '.join(reversed(places.values()))}"
        if files.is_file(own):
            remedy = f"{own} is a file of this folder: snakemake --configfile {own}, longlag run {own}"
        raise LonglagError(f"{given and f'{given}: '}{unknown('suite', name, found)}; {remedy}; {looked}")
    replaced = ", ".join(sorted(map(str, {*config} - {"suite"})))
    source = f"{found[name]}, with {replaced} of {given}" if replaced else str(found[name])
    line = _no_line if replaced else partial(schemas.line, found[name])
    return parse({**schemas.load(found[name]), **config}, source, found[name].parent, line)


def _no_line(place: Sequence[str | int]) -> str:
    return ""


def parse(
    config: Mapping[str, Any],
    source: str = "suite",
    folder: Path | None = None,
    line: Callable[[Sequence[str | int]], str] = _no_line,
) -> Suite:
    """Checks a design and cuts it into jobs.

    Args:
        config: the mapping that config/README.md describes.
        source: where it came from; every error begins with it.
        folder: that of its file, if there is one.
        line: says where in the source a value stands, as in ", line 7"; empty if that is not known.

    Raises:
        LonglagError: an unknown key, method or task (the nearest one is suggested), a value out of range,
            a missing plug-in, or two cells that ask for the same run or write the same file.
    """
    config = dict(schemas.normalised(config))
    digests = config.pop("digests", None)
    try:
        config = _spelt_out(schemas.typed("suite", stages.picked(config)))
        if digests is not None:
            schemas.check("digests", digests)
        schemas.check("suite", config)
        if config.get("search") is not None:
            config["search"] = search.completed(config["search"])
        if config.get("tuned") is not None:
            config["tuned"] = _chosen(config["tuned"], folder, "tuned")
        if finalists := (config.get("search") or {}).get("finalists"):
            config["search"] = {**config["search"], "finalists": _chosen(finalists, folder, "search", "finalists")}
        full = {**_DEFAULTS, **config}
        search.check(full, config)
        checks.check_size(full)
        cells = [[*_jobs(full, cell)] for cell in full["cells"]]
        checks.check_names(full)
        checks.check_overlap(cells)
        if digests is None:  # once they are known the rows may have been taken, and the file may be gone
            checks.check_reuse(full)
    except LonglagError as error:
        where = line(error.place) if isinstance(error, schemas.Misplaced) else ""
        raise LonglagError(f"{source}{where}: {error}") from None
    jobs = tuple(job for cell in cells for job in cell)
    return Suite(full["suite"], full["title"] or full["suite"], config, jobs, digests, source)


def _chosen(given: str | Mapping[str, Any], folder: Path | None, *place: str) -> Mapping[str, Any]:
    """What a search chose: of its file, or as a design that was written before has it at that place."""
    if isinstance(given, str):
        return tuned.read(tuned.find(given, folder))
    try:
        schemas.check("tuned", given)
    except schemas.Misplaced as error:
        raise schemas.Misplaced(str(error), (*place, *error.place)) from None
    return given


def _spelt_out(config: Mapping[str, Any]) -> dict[str, Any]:
    """The design with words for methods spelt out. `tunable`: every method of the package that declares a space and is
    no ablation. `rest`: every method of the package that no cell names; none, no cell."""
    cells = config.get("cells")
    if not isinstance(cells, list) or not all(isinstance(cell, Mapping) for cell in cells):
        return dict(config)  # for the schema to refuse
    cells = [{**cell, "methods": registry.tunable()} if cell.get("methods") == "tunable" else cell for cell in cells]
    named = {str(name) for cell in cells if isinstance(cell.get("methods"), list) for name in cell["methods"]}
    rest = [name for name in registry.FOLDERS["methods"].names() if name not in named]
    full = [{**cell, "methods": rest} if cell.get("methods") == "rest" else cell for cell in cells]
    return {**config, "cells": [cell for cell, given in zip(full, cells, strict=True) if rest or cell is given]}


def _jobs(full: Mapping[str, Any], cell: Mapping[str, Any]) -> Iterator[Job]:
    get = {**full, **cell}.__getitem__
    seeds, size = checks.seeds(full, cell), get("seeds_per_job")
    groups = {cell["group"]: cell["tasks"]} if "group" in cell else {task: [task] for task in cell["tasks"]}
    chunks = range(seeds.start // size, (seeds.stop - 1) // size + 1)
    for named, (group, tasks), chunk in product(cell["methods"], groups.items(), chunks):
        of = full["methods"].get(named, {})
        parent = of.get("from", "") or tuned.base_of(full["tuned"], named)
        frozen = {task: tuned.settings(full["tuned"], parent or named, named, task) for task in tasks}
        for method, base, candidate, point in search.entrants(full["search"], named, parent, tasks):
            yield Job(
                method=method,
                group=group,
                chunk=chunk,
                tasks=tuple(tasks),
                lags=tuple(sorted(get("lags"))),
                seeds=range(max(seeds.start, chunk * size), min(seeds.stop, (chunk + 1) * size)),
                budget=get("budget"),
                timeout=get("timeout"),
                device=get("device"),
                settings=_with_point(_settings(of, frozen), point),
                plugins=tuple(full["plugins"]),
                flow=get("flow"),
                rules=get("rules"),
                base=base,
                candidate=candidate,
                stop=get("stop"),
            )


def _with_point(given: dict[str, Any], point: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with those of a point of a grid, which replace all of the same path, optional ones too."""
    return {**without(given, point), **point}


def _settings(given: Mapping[str, Any], frozen: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Settings by path; those for one of these tasks by `TASK:path`, as `--set` takes them.

    frozen: those of a search, by task; a setting that the suite gives itself replaces them. They are texts here, so
    that 1.0 stays a number with a point: a row then has the digest of the candidate's.
    """
    general = {path: value for path, value in given.items() if path not in ("from", "tasks")}
    by_task = given.get("tasks", {})
    own = {f"{task}:{path}": value for task in frozen for path, value in by_task.get(task, {}).items()}
    kept = {
        f"{task}:{path}": json.dumps(value)
        for task, values in frozen.items()
        for path, value in without(values, (*general, *by_task.get(task, {}))).items()
    }
    return {**general, **kept, **own}
