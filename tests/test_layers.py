"""The house: imports go down the layers, and torch and pandas never meet but in the command (docs/architecture.md).

`python tests/test_layers.py` prints the picture that docs/architecture.md shows, and counts the rooms and the arrows.
"""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src/longlag"
# A module or package of longlag, from the ground up. Those of one line do not import each other.
FRONTIER = [
    {"directions", "errors", "environment", "memory", "rng", "shares"},
    {"arguments", "discovery", "protocol", "ranges"},
    {"registry", "resources", "settings"},
    {"store", "words"},
]
TORCH = [
    {"losses", "algebra", "readouts"},
    {"products"},
    {"tasks", "cells", "inits"},
    {"model"},
    {"objective"},
    {"optimisers"},
    {"methods", "functional", "torch_data", "torch_optim", "esn"},
    {"engine"},
    {"demos", "lecture"},
]
TABLES = [
    {"design", "analysis"},
    {"figures", "tables"},
    {"report"},
]
TOP = [{"cli"}, {"__main__"}]
LAYERS = {
    "frontier": FRONTIER,
    "torch": [*FRONTIER, *TORCH],
    "tables": [*FRONTIER, *TABLES],
    "top": [*FRONTIER, *TORCH, *TABLES, *TOP],
}
PANDAS = {"pandas", "seaborn", "matplotlib"}
FOREIGN = {"frontier": {"torch", *PANDAS}, "torch": PANDAS, "tables": {"torch"}, "top": set()}


def part(path: Path) -> str:
    return path.relative_to(SOURCE).with_suffix("").parts[0]


def imports(path: Path) -> set[str]:
    """Absolute names of everything that a file imports, inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == "longlag":
            found |= {f"longlag.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def half(name: str) -> str:
    return next((key for key, layers in LAYERS.items() if any(name in layer for layer in layers)), "no layer")


FILES = sorted(path for path in SOURCE.rglob("*.py") if path != SOURCE / "__init__.py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_go_down(path):
    name, layers = part(path), LAYERS.get(half(part(path)), [])
    assert layers, f"give {name!r} its place in the table of {Path(__file__).name}"
    below = set().union(*layers[: next(i for i, layer in enumerate(layers) if name in layer)])
    inside = {module.split(".")[1] for module in imports(path) if module.startswith("longlag.")}
    assert inside - {name, "__version__"} <= below
    assert not {module.split(".")[0] for module in imports(path)} & FOREIGN[half(name)]


@pytest.mark.parametrize(
    ("key", "strangers"), [("tables", {"torch"}), ("torch", {"pandas"}), ("top", {"torch", "pandas"})]
)
def test_what_is_imported_at_once_brings_no_stranger(key, strangers):
    layers = TOP if key == "top" else LAYERS[key]
    rooms = set().union(*layers) - {"esn"}  # scikit-learn imports pandas where it is installed
    paths = [path.relative_to(SOURCE.parent).with_suffix("") for path in FILES if part(path) in rooms]
    modules = [".".join(path.parts).removesuffix(".__init__") for path in paths if path.name != "__main__"]
    code = f"import sys, importlib; [importlib.import_module(m) for m in {modules!r}]; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not strangers & {*done.stdout.split()}


def arrows() -> set[tuple[str, str]]:
    """(importer, imported) for every pair of rooms; a room is a module or package directly below `longlag`."""
    found = set()
    for path in FILES:
        inside = {module.split(".")[1] for module in imports(path) if module.startswith("longlag.")}
        found |= {(part(path), name) for name in inside - {part(path), "__version__"}}
    return found


def picture() -> str:
    """The layers, from the top to the ground: packages end in a slash."""

    def line(layer: set[str]) -> str:
        return "  ".join(sorted(f"{name}/" if (SOURCE / name).is_dir() else name for name in layer))

    towers = [[line(layer) for layer in reversed(tower)] for tower in (TORCH, TABLES)]
    width, height = max(map(len, towers[0])), max(map(len, towers))
    left, right = ([""] * (height - len(tower)) + tower for tower in towers)
    rows, title = [line(layer) for layer in reversed(TOP)], " tables: no torch "
    wide = max(len(title) + 4, *map(len, right))
    rows += [f"{' torch ':-^{width}}-+-{title:-^{wide}}"]
    rows += [f"{a:{width}} | {b}".rstrip() for a, b in zip(left, right, strict=True)]
    rows += [f"{' frontier: no torch, no pandas ':-^{width + 3 + wide}}"]
    return "\n".join([*rows, *(line(layer) for layer in reversed(FRONTIER))])


def test_the_docs_show_these_layers():
    docs = (SOURCE.parents[1] / "docs/architecture.md").read_text()
    assert picture() in docs, "paste what `python tests/test_layers.py` prints into docs/architecture.md"


def test_modules_of_one_package_form_no_circle():
    graph = {}
    for path in FILES:
        name = ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__")
        graph[name] = {found for found in imports(path) if found.startswith("longlag.")}
    for name, found in graph.items():  # `from package import module` names the package alone
        graph[name] = {other for other in found if other in graph and not f"{name}.".startswith(f"{other}.")}
    tuple(TopologicalSorter(graph).static_order())  # CycleError names the modules


if __name__ == "__main__":
    print(picture())
    rooms = {part(path) for path in FILES}
    modules = [path for path in SOURCE.glob("*.py") if path.name != "__init__.py"]
    layers = len(FRONTIER) + max(len(TORCH), len(TABLES)) + len(TOP)
    print(f"\n{len(rooms)} rooms, {len(modules)} modules in the root, {len(arrows())} arrows, {layers} layers")
