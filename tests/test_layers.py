"""The house: imports go down the layers, and torch and pandas never meet but in the command (docs/architecture.md)."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src/longlag"
# A module or package of longlag, from the ground up. Those of one line do not import each other.
FRONTIER = [
    {"errors", "environment", "protocol", "rng", "interrupt"},
    {"files"},
    {"records", "registry", "settings", "lock"},
]
TORCH = [
    {"tree", "losses", "sequences", "denormals", "progress"},
    {"jacobian", "products", "provenance"},
    {"tasks", "cells", "inits"},
    {"model"},
    {"objective"},
    {"optimisers", "flow"},
    {"methods", "functional"},
    {"spec"},
    {"train"},
    {"checkpoint"},
    {"ladder", "tune", "verify"},
    {"lecture"},
]
ANALYSIS = [
    {"words", "schemas", "stats"},
    {"comparison", "published"},
    {"suite", "figures", "tables"},
    {"collect", "report", "estimate", "diff", "merge"},
]
TOP = [{"cli"}, {"__main__"}]
LAYERS = {
    "frontier": FRONTIER,
    "torch": [*FRONTIER, *TORCH],
    "analysis": [*FRONTIER, *ANALYSIS],
    "top": [*FRONTIER, *TORCH, *ANALYSIS, *TOP],
}
PANDAS = {"pandas", "seaborn", "matplotlib"}
FOREIGN = {"frontier": {"torch", *PANDAS}, "torch": PANDAS, "analysis": {"torch"}, "top": set()}


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
            found.add(str(node.module))
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
    ("key", "stranger"), [("analysis", "torch"), ("torch", "pandas"), ("top", "torch"), ("top", "pandas")]
)
def test_what_is_imported_at_once_brings_no_stranger(key, stranger):
    layers = TOP if key == "top" else LAYERS[key]
    paths = [path.relative_to(SOURCE.parent).with_suffix("") for path in FILES if part(path) in set().union(*layers)]
    modules = [".".join(path.parts).removesuffix(".__init__") for path in paths if path.name != "__main__"]
    code = f"import sys, importlib; [importlib.import_module(m) for m in {modules!r}]; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert stranger not in done.stdout.split()
