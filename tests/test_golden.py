"""Golden numbers: what a numerics version promises, for every method, task and part in the tree.

They hold on any processor (`golden_numbers` says why) and are compared in float64 after few updates. A change that
moves them must raise the method's `version` (or the task's, or the protocol's) and then write the new numbers with

    python tests/test_golden.py

which keeps every number that is still well within its tolerance, and writes the tables of docs/remedies.md.
Byte-equality within one machine has tests of its own (`test_contracts`, `test_checkpoint`).
"""

import dataclasses
import importlib
import inspect
import json
import pkgutil
from functools import cache
from pathlib import Path

import pytest

import conftest  # noqa: F401 - the job environment, before torch
import golden_runs
import golden_units
import longlag.cells
import longlag.inits
import longlag.optimisers
from golden_numbers import ROUNDING, Difference, Number, differences, farthest, message
from longlag import losses, model, readouts, registry
from longlag.cells.base import AutogradTape, Cell, GradientTape
from longlag.cells.tanh_batched import BatchedTape
from longlag.engine.spec import resolve
from test_docs import with_tables

FILE = Path(__file__).with_name("golden.json")
REMEDIES = Path(__file__).parents[1] / "docs/remedies.md"
TASKS = ("adding", "memorization_5bit", "temporal_order")
ENGINE = ("control", "esn_momentum")  # as given, and centred: what the engine does is the same for every method
METHODS = sorted(
    path.stem for path in (Path(registry.__file__).parent / "methods").glob("[a-z]*.py") if path.stem != "base"
)
KEPT = 0.1  # tolerances: a number this near the one in the file is not written again
COMPUTED = {
    model.Model,
    model.ModelTape,
    model.Jacobian,
    AutogradTape,
    BatchedTape,
    Cell,
    GradientTape,
}  # from parts, by the engine
RUNS = [f"{method} {task}" for method in METHODS for task in TASKS]
ENTRIES = [
    *(f"unit {name}" for name in golden_units.UNITS),
    *RUNS,
    *(f"engine {method} {task}" for method in ENGINE for task in TASKS),
]


def numbers(entry: str, sensitivities: bool = False) -> dict[str, Number]:
    """The numbers of an entry; sensitivities are measured only where the file is written."""
    kind, _, rest = entry.partition(" ")
    if kind == "unit":
        return golden_units.numbers(rest)
    if kind == "engine":
        return golden_runs.engine_numbers(*rest.split())
    return golden_runs.numbers(kind, rest, sensitivities)


def identity(entry: str) -> dict:
    """The versions and the digest that the numbers of a run belong to."""
    if entry not in RUNS:
        return {}
    setup = resolve(golden_runs.golden_spec(*entry.split()))
    return {"versions": [setup.method.version, setup.task.version], "spec_hash": setup.spec_hash}


def remedy(entry: str) -> str:
    """Whose version to raise."""
    kind, _, rest = entry.partition(" ")
    if entry in RUNS:
        return f"raise its version in methods/{kind}.py"
    if rest.startswith("task "):
        return f"raise the version in tasks/{rest.removeprefix('task ')}.py"
    if kind == "engine" or rest == "rules":
        return "raise VERSION in protocol.py"
    return "raise the version of every method that uses this part"


@cache
def read() -> dict:
    """The file, parsed once: hundreds of tests ask for it."""
    return json.loads(FILE.read_text())


def failure(entry: str) -> str:
    """Why an entry is not golden; empty where it is."""
    golden = read()[entry]
    for name, value in identity(entry).items():
        if value != golden[name] and name == "versions":
            return f"{entry} has versions {value}, golden {golden[name]}: python tests/test_golden.py"
    found = differences(numbers(entry), golden["numbers"])
    if found:
        return message(entry, remedy(entry), found)
    if identity(entry).get("spec_hash") != golden.get("spec_hash"):
        return f"settings of {entry} changed without a version: {remedy(entry)}"
    return ""


@pytest.mark.parametrize("entry", ENTRIES)
def test_numbers_are_those_of_the_version(entry):
    assert not (why := failure(entry)), why


def test_file_has_these_entries_and_no_others():
    assert list(read()) == ENTRIES, "write the file: python tests/test_golden.py"


@pytest.mark.parametrize("entry", RUNS)
def test_first_updates_are_compared_closely(entry):
    """Or, where the equations of a readout are ill-conditioned, the features that it is fitted on."""
    tolerances = {name: tolerance for name, (_, tolerance) in read()[entry]["numbers"].items()}
    compared = [name for name, tolerance in tolerances.items() if tolerance is not None]
    assert {"update 1 loss", "first features norm"} & set(compared)
    assert len(compared) > len(tolerances) / 2


def parts() -> list[type]:
    """Every class that a method can be made of: a frozen dataclass that answers to one of the interfaces' calls."""
    modules = [losses, model, readouts]
    for package in (longlag.cells, longlag.inits, longlag.optimisers):
        names = [module.name for module in pkgutil.iter_modules(package.__path__)]
        modules += [importlib.import_module(f"{package.__name__}.{name}") for name in names]
    return [
        part
        for module in modules
        for part in vars(module).values()
        if inspect.isclass(part) and part.__module__ == module.__name__ and dataclasses.is_dataclass(part)
        if vars(part).keys()
        & {"draw", "__call__", "hessian_product", "step", "pullback", "update", "shapes", "features"}
        if part not in COMPUTED
    ]


@pytest.mark.parametrize("part", parts(), ids=lambda part: part.__name__)
def test_every_part_has_a_unit(part):
    assert part in golden_units.COVERED, f"give {part.__name__} a unit in tests/golden_units.py"


def test_message_tells_a_changed_formula_from_rounding():
    golden = {"loss": [1.0, 1e-12], "status": ["solved", 0.0], "left out": [5.0, None]}
    near = differences({"loss": Number(1 + 5e-12), "status": Number("solved"), "left out": Number(7.0)}, golden)
    far = differences({"loss": Number(1 + 1e-6), "status": Number("solved"), "left out": Number(7.0)}, golden)
    assert "rounding of another processor" in message("hf adding", "raise it", near)
    assert "numbers of hf adding changed: raise it" in message("hf adding", "raise it", far)
    assert near[0].tolerances == pytest.approx(5, rel=1e-3)
    assert far[0].tolerances > ROUNDING


@pytest.mark.parametrize("found", [{}, {"loss": Number(float("nan"))}, {"loss": Number([1.0, 1.0])}, {"loss": Number(1.0), "new": Number(1.0)}])  # fmt: skip
def test_missing_new_misshapen_and_nan_numbers_are_differences(found):
    (difference,) = differences(found, {"loss": [1.0, 1e-12]})
    assert isinstance(difference, Difference)
    assert difference.tolerances == float("inf")


def kept(entry: str, old: dict) -> dict:
    """The entry for the file: numbers that are well within the tolerance of an older file stay as they were."""
    found = numbers(entry, sensitivities=True)
    before = old.get(entry, {}).get("numbers", {})
    lines = {}
    for name, number in found.items():
        same = name in before and farthest({name: number}, before) <= KEPT
        lines[name] = before[name] if same else [number.value, number.tolerance]
    return {**identity(entry), "numbers": lines}


def write() -> None:
    old = read() if FILE.exists() else {}
    entries = {entry: kept(entry, old) for entry in ENTRIES}
    texts = []
    for entry, content in entries.items():
        head = {name: value for name, value in content.items() if name != "numbers"}
        lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(line)}" for name, line in content["numbers"].items())
        opening = "".join(f" {json.dumps(name)}: {json.dumps(value)},\n" for name, value in head.items())
        texts.append(f'{json.dumps(entry)}: {{\n{opening} "numbers": {{\n{lines}\n }}\n}}')
    FILE.write_text("{\n" + ",\n".join(texts) + "\n}\n")
    read.cache_clear()


def deviations() -> dict[str, float]:
    """The largest deviation of every entry, in tolerances."""
    golden = read()
    return {entry: farthest(numbers(entry), golden[entry]["numbers"]) for entry in ENTRIES}


if __name__ == "__main__":
    write()
    REMEDIES.write_text(with_tables(REMEDIES.read_text()))
