"""One table of words as Markdown, LaTeX (booktabs) and HTML. Whatever the words are, they are shown as text."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pandas as pd

from longlag.errors import documentation
from longlag.store.files import write_atomically
from longlag.words import capital, method_label, task_label

_LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "≥": r"$\geq$",
    ">": r"$>$",
    "<": r"$<$",
    "–": "--",
    "∞": r"$\infty$",
}
_DOCUMENT = re.compile(r"docs/[a-z-]+\.md")  # which a note names
_LABELS = {"task": task_label, "method": method_label, "method here": method_label, "against": method_label}


def labelled(table: pd.DataFrame) -> pd.DataFrame:
    """The table with the labels of tasks and methods in place of their names."""
    words = {name: _LABELS[name] for name in table.columns if name in _LABELS}
    return table.assign(**{name: [capital(label(value)) for value in table[name]] for name, label in words.items()})


def to_markdown(table: pd.DataFrame, title: str, note: str) -> str:
    """A GitHub table with its title above and its note below."""
    table = labelled(table)
    lines = [_row(table.columns), _row(["---"] * len(table.columns)), *map(_row, table.to_numpy().tolist())]
    linked = _DOCUMENT.sub(lambda found: f"[{found[0]}]({documentation(found[0])})", _plain(note))
    return f"**{_plain(title)}**\n\n" + "\n".join(lines) + f"\n\n{linked}\n"


def _row(cells: Iterable[object]) -> str:
    return "| " + " | ".join(_plain(str(cell)) for cell in cells) + " |"


def _plain(text: str) -> str:
    text = html.escape(" ".join(text.split()), quote=False).replace("&gt;", ">")
    for sign in "\\|`*_[":
        text = text.replace(sign, f"\\{sign}")
    return text


def to_latex(table: pd.DataFrame, title: str, note: str) -> str:
    """A tabular for \\input, which needs the package booktabs alone; title and note are comments above it."""
    table = labelled(table)
    rows = [" & ".join(_tex(str(cell)) for cell in cells) + r" \\" for cells in table.to_numpy().tolist()]
    head = " & ".join(_tex(str(name)) for name in table.columns) + r" \\"
    lines = [
        *(f"% {' '.join(words.split())}" for words in (title, note)),
        rf"\begin{{tabular}}{{{'l' * len(table.columns)}}}",
        r"\toprule",
        head,
        r"\midrule",
        *rows,
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def _tex(text: str) -> str:
    return "".join(_LATEX.get(sign, sign) for sign in " ".join(text.split()))


def to_html(table: pd.DataFrame, title: str, note: str, newcomer: str = "", stacked: bool = False) -> str:
    """A table element with a caption, for any page; styling is the page's. A repeated first column is dimmed.

    Args:
        newcomer: a method whose rows are set off.
        stacked: a narrow page may write the cells of a row below each other, each with the name of its column.
    """
    mine = [bool(newcomer) and newcomer in map(str, cells) for cells in table.to_numpy().tolist()]
    table = labelled(table)
    head = "".join(f'<th scope="col">{html.escape(str(name))}</th>' for name in table.columns)
    labels = [str(name) if stacked else "" for name in table.columns]
    body, above = [], None
    for cells, set_off in zip(table.to_numpy().tolist(), mine, strict=True):
        mark = f' class="{"same" if cells[0] == above else "new"}{" mine" if set_off else ""}"'
        above = cells[0]
        body.append(f"<tr{mark}>" + "".join(map(_cell, cells, labels)) + "</tr>")
    linked = _DOCUMENT.sub(lambda found: f'<a href="{documentation(found[0])}">{found[0]}</a>', html.escape(note))
    caption = f"<caption><b>{html.escape(title)}.</b> {linked}</caption>"
    kind = ' class="stacked"' if stacked else ""
    return (
        f"<table{kind}>\n{caption}\n<thead><tr>{head}</tr></thead>\n<tbody>\n"
        + "\n".join(body)
        + "\n</tbody>\n</table>\n"
    )


def _cell(cell: object, label: str) -> str:
    name = f' data-label="{html.escape(label)}"' if label else ""
    return f"<td{name}>{html.escape(str(cell))}</td>"


_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ font: 14px/1.4 system-ui, sans-serif; margin: 1.5rem }}
table {{ border-collapse: collapse }}
caption {{ text-align: left; padding-bottom: .6rem }}
th, td {{ text-align: left; vertical-align: top; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid #ddd }}
</style>
</head>
<body>
{table}</body>
</html>
"""


def _alone(table: str, title: str) -> str:
    """A table element as a page."""
    return _PAGE.format(title=html.escape(title), table=table)


FORMATS: dict[str, Callable[[pd.DataFrame, str, str], str]] = {"md": to_markdown, "tex": to_latex, "html": to_html}


def save(table: pd.DataFrame, title: str, note: str, folder: str | Path, name: str) -> list[Path]:
    """Writes NAME.md, NAME.tex and NAME.html, a page of its own, into the folder and returns their paths.

    Raises:
        LonglagError: the folder cannot be written.
    """
    paths = [Path(folder) / f"{name}.{kind}" for kind in FORMATS]
    for path, render in zip(paths, FORMATS.values(), strict=True):
        text = render(table, title, note)
        write_atomically(path, (_alone(text, title) if path.suffix == ".html" else text).encode())
    return paths
