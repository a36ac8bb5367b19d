"""Hooks of MkDocs: pages made from the code, pages from elsewhere in the tree, and links that leave docs/.

The command line comes from argparse, the configuration from the schema of suites, the columns from the schema of rows.
None of these pages is in git, so none can be out of date. A link to a picture outside docs/ takes the picture along;
a link to any other file leads to that file in the clone: the site lies beside docs/, so relative paths hold.
"""

from __future__ import annotations

import argparse
import json
import os
import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

from longlag import cli
from longlag.design import schemas
from longlag.store import datacard, records

ROOT = Path(__file__).parents[1]

# page of the site -> the file of the tree that it shows
FROM_TREE = {
    "index.md": "README.md",
    "suites.md": "config/README.md",
    "speed.md": "benchmarks/README.md",
    "reference-run.md": "results/reference/README.md",
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
}


def command_line() -> str:
    """Every verb with its arguments, from the parser itself."""
    parts = ["# Command line", "Generated from the parser: `longlag VERB --help` prints the same.\n"]
    for name, parser in _verbs().items():
        parts += [f"## {name}", f"{_sentence(parser.description or '')}\n", "```text", _usage(parser), "```\n"]
        parts += ["| argument | meaning |", "|---|---|"]
        parts += [f"| {_flags(action)} | {_cell(_help(action))} |" for action in _actions(parser)]
        parts += ["", f"{(parser.epilog or '').replace('example: ', 'Example: `')}`\n"]
    return "\n".join(parts)


def _verbs() -> dict[str, argparse.ArgumentParser]:
    (found,) = (action for action in cli.build_parser()._actions if isinstance(action, argparse._SubParsersAction))
    return dict(found.choices)


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    return (action for action in parser._actions if action.help is not argparse.SUPPRESS)


def _flags(action: argparse.Action) -> str:
    value = str(action.metavar or action.dest.upper()).replace("|", " or ")
    names = [f"`{name}`" for name in action.option_strings]
    return ", ".join(names) + (f" `{value}`" if action.nargs != 0 else "")


def _help(action: argparse.Action) -> str:
    words = (action.help or "").replace("%%", "%").replace("%(default)s", str(action.default))
    return f"{words} ({', '.join(map(str, action.choices))})" if action.choices else words


def configuration() -> str:
    """Every key of a suite, from the JSON schema that checks it."""
    schema = schemas.schema("suite")
    cell = schema["properties"]["cells"]["items"]
    keys = [
        "# Configuration",
        "Generated from the JSON schema that checks every suite; [Run your own suite](suites.md) explains the keys.\n",
    ]
    for title, of in (("Keys of a suite", schema), ("Keys of a cell", cell)):
        keys += [f"## {title}\n", "| key | required | what it must be |", "|---|---|---|"]
        for name, what in of["properties"].items():
            found = schema["$defs"][what["$ref"].rpartition("/")[2]] if "$ref" in what else what
            keys.append(f"| `{name}` | {'yes' if name in of['required'] else ''} | {_cell(found['description'])} |")
        keys.append("")
    return "\n".join(keys)


def columns() -> str:
    """Columns of runs.csv and curves.parquet, from the dataclasses that read and write them."""
    parts = ["# Columns of the records", "Generated from `src/longlag/store/records.py`.\n", "## runs.csv\n"]
    parts += [
        "One row per task, method, lag and seed. A *volatile* column may differ between two runs of one spec; on a CPU",
        "all others are byte-identical. The last column, `check`, is a checksum of the line.\n",
        "| column | type | volatile | meaning |", "|---|---|---|---|",
    ]  # fmt: skip
    for column in fields(records.Row):
        volatile = "yes" if column.metadata["volatile"] else ""
        kind = str(column.type).replace("|", "or")
        parts.append(f"| `{column.name}` | {kind} | {volatile} | {_cell(column.metadata['meaning'])} |")
    parts += [
        "",
        "## curves.parquet\n",
        "One row per evaluation of a run. The columns after `seconds` are absent or empty where",
    ]
    parts += ["gradient flow was not recorded.\n", "| column | type | meaning |", "|---|---|---|"]
    parts += [f"| `{c['name']}` | {c['type']} | {_cell(c['description'])} |" for c in datacard.point_fields()]
    parts += [
        "",
        "## Data cards\n",
        "`longlag collect` writes two files beside these, and `longlag datacard DIR` writes them for any",
    ]
    parts += ["folder with a `runs.csv`: `datapackage.json` (Frictionless Data) and `croissant.json` (Croissant 1.0)."]
    parts += ["They describe the same columns for programs that load data sets, with types, sizes and checksums."]
    return "\n".join([*parts, ""])


# page of the site -> the executed notebook that it shows
NOTEBOOKS = {f"notebooks/{name}.md": f"docs/notebooks/{name}.ipynb" for name in ("lecture", "hessian-free")}


def notebook(path: str) -> str:
    """An executed notebook with what its cells printed and drew."""
    name = posixpath.basename(path)
    parts = []
    for cell in json.loads((ROOT / path).read_text("utf-8"))["cells"]:
        source = "".join(cell["source"])
        parts += [f"```python\n{source}\n```\n" if cell["cell_type"] == "code" else f"{source}\n"]
        parts += [_output(output) for output in cell.get("outputs", [])]
    parts.insert(1, f'*An executed notebook: <a href="{name}" download>{name}</a>.*\n')
    return "\n".join(parts)


def _output(output: dict[str, Any]) -> str:
    shown = output.get("data", {})
    if "image/png" in shown:
        address = f"data:image/png;base64,{''.join(shown['image/png'].split())}"
        return f'<img alt="What the cell above draws" src="{address}">\n'
    if "text/markdown" in shown:
        return "".join(shown["text/markdown"]) + "\n"
    text = "".join(output.get("text", shown.get("text/plain", ""))).rstrip()
    return f"```text\n{text}\n```\n" if text else ""


GENERATED: dict[str, Callable[[], str]] = {
    "command-line.md": command_line,
    "configuration.md": configuration,
    "columns.md": columns,
    **{page: partial(notebook, path) for page, path in NOTEBOOKS.items()},
}


def _usage(parser: argparse.ArgumentParser) -> str:
    """The line of usage, as wide as it needs: argparse breaks lines at the width of the terminal."""
    return " ".join(parser.format_usage().split()).removeprefix("usage: ")


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _cell(text: str) -> str:
    """Text inside a cell of a Markdown table: no bar, no tag, no emphasis by chance."""
    return " ".join(re.sub(r"([|*_<\[\]])", r"\\\1", text).split())


# Links: every target is worked out as a path of the tree, then put in the site's terms.

LINK = re.compile(r"(!?\[[^\]]*\])\(([^)\s]+)\)")
PICTURE = (".png", ".svg", ".jpg")


def home(page: str) -> str:
    """The path in the tree of the file that a page of the site shows."""
    return {**FROM_TREE, **NOTEBOOKS}.get(page, f"docs/{page}")


def pages() -> dict[str, str]:
    """From the path in the tree of everything that is a page of the site, to that page."""
    own = [path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")]
    return {home(page): page for page in [*own, *FROM_TREE, *GENERATED]}


def rewritten(text: str, page: str) -> str:
    """The text of a page with links to files of the tree turned into links within or out of the site."""
    known, folder = pages(), posixpath.dirname(page)

    def link(found: re.Match[str]) -> str:
        words, (path, hash_, anchor) = found[1], found[2].partition("#")
        if not path or re.match(r"[a-z]+:", path):
            return found[0]
        target = posixpath.normpath(posixpath.join(posixpath.dirname(home(page)), path))
        if target in known:
            return f"{words}({posixpath.relpath(known[target], folder or '.')}{hash_}{anchor})"
        if target.startswith("docs/"):  # it stands in the site as in docs/
            return f"{words}({posixpath.relpath(target.removeprefix('docs/'), folder or '.')}{hash_}{anchor})"
        if target.endswith(PICTURE):
            return f"{words}({posixpath.relpath(f'files/{target}', folder or '.')})"
        inside = words[1:-1].replace("`", "")
        return f'<a href="{posixpath.relpath(f"../{target}", folder or ".")}">{inside}</a>'

    parts = re.split(r"(```.*?```)", text, flags=re.S)  # code stays as it is
    return "".join(part if part.startswith("```") else LINK.sub(link, part) for part in parts)


def pictures() -> set[str]:
    """Pictures of the tree outside docs/ that a page shows or links, as paths of the tree."""
    found = set()
    for source in [path for path in pages() if path.endswith(".md") and (ROOT / path).is_file()]:
        for _, path in LINK.findall((ROOT / source).read_text("utf-8")):
            target = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
            if target.endswith(PICTURE) and not target.startswith("docs/") and (ROOT / target).is_file():
                found.add(target)
    return found


# What MkDocs calls.


def on_files(files: Any, config: Any) -> Any:
    """Adds generated pages, pages from the tree and pictures."""
    from mkdocs.structure.files import File

    for page, write in GENERATED.items():
        files.append(File.generated(config, page, content=write()))
    for page, source in FROM_TREE.items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text("utf-8")))
    for picture in sorted(pictures()):
        files.append(File.generated(config, f"files/{picture}", abs_src_path=os.fspath(ROOT / picture)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Rewrites the links of a page."""
    return rewritten(markdown, page.file.src_uri)
