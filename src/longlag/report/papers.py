"""The page of a paper: its tables in their own layout, in every cell the published number, ours and a verdict.

One HTML file that fetches nothing and runs no script. It is made from committed records: nothing is trained.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd
from markupsafe import Markup

from longlag.analysis import paper_claims, papers
from longlag.design import stages
from longlag.figures import papers as drawings
from longlag.figures.tools import style
from longlag.report import images, scripts
from longlag.report.templates import contents, template
from longlag.tables.tools.papers import Paper, in_unit, measured
from longlag.words import count, duration, join_words, setting

# verdict -> sign beside it, so that colour is not all that tells
SIGNS = {
    papers.REPRODUCED: "✓",
    papers.BETTER: "▲",
    papers.WORSE: "▼",
    papers.NOT_COMPARABLE: "≠",
    papers.NOT_RUN: "–",
}


def render(paper: Paper) -> str:
    """The page as text."""
    page, cells = paper.page, paper.cells
    return template("paper.html").render(
        title=f"{page['source']}: published beside measured",
        policy=scripts.policy(),
        css=Markup(contents("page.css")),
        page={"about": [], "claims": [], "deviations": [], "unread": [], **page},
        line=line(paper),
        tables=[_table(paper, place) for place in range(len(page["tables"]))],
        tally=paper_claims.tally(cells),
        signs=SIGNS,
        rule=papers.RULE,
        seeds=_seeds(cells),
        orders=_orders(cells),
        claims=[_claim(cells, claim) for claim in page.get("claims", [])],
        stages=_stages(paper),
        choices=_choices(paper),
    )


def line(paper: Paper) -> str:
    """The verdicts in one line, and what the runs cost."""
    found = paper_claims.tally(paper.cells)
    said = join_words(f"{n} {word}" for word, n in found.items() if n)
    return f"{count(len(paper.cells), 'cell')}: {said}; {duration(float(paper.runs.seconds.sum()))} of CPU time spent"


def _table(paper: Paper, place: int) -> dict[str, Any]:
    table = paper.page["tables"][place]
    own = paper.cells[paper.cells.table == place]
    rows = [
        {"label": label, "cells": [_cell(cell) for cell in of.to_dict("records")]}
        for (_, label), of in own.groupby(["row", "row_label"], sort=False)
    ]
    curve, drawn = bool(table.get("curve")), bool((own.n > 0).any()) and len(own) > 1
    return {
        "title": table["title"],
        "caption": table.get("caption", ""),
        "columns": [str(column["label"]) for column in table["columns"]],
        "rows": rows,
        "picture": images.of_figure(drawings.draw(own, curve)) if drawn else "",
        "narrow": images.of_figure(drawings.draw(own, curve, width=style.COLUMN_WIDTH)) if drawn else "",
        "picture_caption": drawings.caption(own, curve),
    }


def _cell(cell: dict[str, Any]) -> dict[str, Any]:
    return {
        "published": _published(cell),
        "standing": cell["standing"],
        "measured": re.sub(r"(?<=\d) (?=[kMG%](?![a-z]))", "\u00a0", measured(cell)),  # no line ends before a unit
        "verdict": cell["verdict"],
        "sign": SIGNS[cell["verdict"]],
        "why": cell["why"],
        "style": cell["verdict"].replace(" ", "-"),
    }


def _published(cell: dict[str, Any]) -> str:
    if not cell["standing"]:
        return "–"
    if cell["metric"] == "longest_solved":
        return f"solved to {cell['words']}"
    if math.isnan(cell["value"]):
        return str(cell["words"])
    return in_unit(cell["value"], cell["metric"])


def _claim(cells: pd.DataFrame, claim: str | dict[str, Any]) -> dict[str, Any]:
    """A claim with its outcome; nothing decides one that is a sentence alone."""
    given = {"text": claim} if isinstance(claim, str) else claim
    return {"text": given["text"], **asdict(paper_claims.judge_claim(cells, given))}


def _seeds(cells: pd.DataFrame) -> list[dict[str, Any]]:
    """A line for each cell that was run: what each seed gave."""
    found = []
    for cell in cells[cells.n > 0].to_dict("records"):
        each = zip(cell["seeds"], cell["values"], cell["endings"], strict=True)
        outcomes = [f"{seed}: {in_unit(value, cell['metric'])} ({ending})" for seed, value, ending in each]
        labels = {"row": cell["row_label"], "column": cell["column_label"]}
        found.append({**labels, "outcomes": ", ".join(outcomes), "seconds": duration(cell["seconds"])})
    return found


def _orders(cells: pd.DataFrame) -> list[str]:
    """Whether the columns of each row have the paper's order; nothing where a row has fewer than three."""
    found = paper_claims.orders(cells)
    known = found[found.rho.notna()]
    return [
        f"{row.row_label}: Spearman's rho {row.rho:z.2f} [{row.low:z.2f}, {row.high:z.2f}] over {row.n} columns"
        for row in known.itertuples()
    ]


def _stages(paper: Paper) -> list[dict[str, str]]:
    return [{"name": name, "what": str(of["what"])} for name, of in stages.bodies(paper.config).items()]


def _choices(paper: Paper) -> list[dict[str, str]]:
    """What the searches chose, a line each; a value at an end of its grid is marked."""
    found = []
    for stage, methods in paper.choices.items():
        grid = _grid(paper, stage)
        for method, tasks in methods.items():
            for task, values in tasks.items():
                said = ", ".join(
                    f"{path} = {setting(one)}{_edge(one, grid.get(path, []))}" for path, one in values.items()
                )
                found.append({"stage": stage, "method": method, "task": task, "chosen": said})
    return found


def _grid(paper: Paper, stage: str) -> dict[str, list[float]]:
    body = stages.bodies(paper.config).get(stage, {})
    return dict((body.get("search") or {}).get("grid", {}))


def _edge(value: Any, values: Sequence[Any]) -> str:
    """A remark on a number at an end of its grid; words and switches have no ends."""
    numbers = all(isinstance(each, int | float) and not isinstance(each, bool) for each in (value, *values))
    return " (at an end of the grid)" if numbers and len(values) > 1 and value in (min(values), max(values)) else ""
