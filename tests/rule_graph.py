"""The picture of the workflow's rules in the documents: `python tests/rule_graph.py > docs/rules.svg`.

Drawn from what `snakemake --rulegraph` prints, without the arrows that longer ways imply. A test compares it with the
committed one.
"""

import re
import subprocess
import sys
import tempfile
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[1]
WIDTH, HEIGHT, GAP, ROW = 100, 44, 24, 60  # of boxes and between them, pixels


def graph() -> dict[str, set[str]]:
    """Rule -> the rules whose files it reads."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["--snakefile", ROOT / "workflow/Snakefile", "--directory", folder, "--workflow-profile", "none"]
        command = [sys.executable, "-m", "snakemake", *words, "--rulegraph", "dot", "--config", "suite=demo"]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr
    names = dict(re.findall(r'(\d+)\[label = "(\w+)"', done.stdout))
    found: dict[str, set[str]] = {name: set() for name in names.values()}
    for source, target in re.findall(r"(\d+) -> (\d+)", done.stdout):
        found[names[target]].add(names[source])
    return found


def reduced(full: dict[str, set[str]]) -> dict[str, set[str]]:
    """Without the arrows that longer ways imply."""
    before: dict[str, set[str]] = {}
    for name in TopologicalSorter(full).static_order():
        before[name] = set().union(full[name], *(before[other] for other in full[name]))
    return {name: {a for a in given if not any(a in before[b] for b in given)} for name, given in full.items()}


def commands() -> dict[str, str]:
    """Rule -> the last command that it calls."""
    text = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "workflow/rules").glob("*.smk")))
    rules = re.split(r"^rule (\w+):", text, flags=re.MULTILINE)
    called = {name: re.findall(r'"\(?(longlag \w+)', body) for name, body in zip(rules[1::2], rules[2::2], strict=True)}
    return {name: found[-1] for name, found in called.items() if found}


def svg(full: dict[str, set[str]]) -> str:
    """From left to right: a box per rule, in the column of the longest way to it."""
    arrows, column = reduced(full), dict[str, int]()
    for name in TopologicalSorter(full).static_order():
        column[name] = max((column[other] + 1 for other in full[name]), default=0)
    columns = [sorted(name for name in column if column[name] == x) for x in range(max(column.values()) + 1)]
    height = ROW * max(map(len, columns))
    place = {
        name: ((WIDTH + GAP) * x + 1, (height - ROW * len(names)) / 2 + ROW * y + (ROW - HEIGHT) / 2)
        for x, names in enumerate(columns)
        for y, name in enumerate(names)
    }
    width, called = (WIDTH + GAP) * len(columns) - GAP + 2, commands()
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'role="img" font-family="sans-serif" font-size="12" text-anchor="middle">',
        f"<title>Rules of the workflow: {', '.join(name for names in columns for name in names)}</title>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        '<defs><marker id="tip" markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto">'
        '<path d="M0 1 7 4 0 7z" fill="#555"/></marker></defs>',
    ]
    for name in sorted(arrows):
        for other in sorted(arrows[name]):
            (x, y), (to_x, to_y) = place[other], place[name]
            ends = f'x1="{x + WIDTH:g}" y1="{y + HEIGHT / 2:g}" x2="{to_x:g}" y2="{to_y + HEIGHT / 2:g}"'
            lines.append(f'<line {ends} stroke="#555" marker-end="url(#tip)"/>')
    for name in sorted(place):
        x, y = place[name]
        box = f'<rect x="{x:g}" y="{y:g}" width="{WIDTH}" height="{HEIGHT}" rx="6" fill="#eef3fb" stroke="#4363a8"/>'
        centre, middle = x + WIDTH / 2, y + HEIGHT / 2
        label = f'<text x="{centre:g}" y="{middle - 2 if name in called else middle + 4:g}" fill="#111">{name}</text>'
        verb = f'<text x="{centre:g}" y="{middle + 13:g}" fill="#444" font-size="10">{called.get(name, "")}</text>'
        lines.append(box + label + (verb if name in called else ""))
    return "\n".join([*lines, "</svg>\n"])


if __name__ == "__main__":
    print(svg(graph()), end="")
