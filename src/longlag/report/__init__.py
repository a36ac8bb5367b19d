"""The page: one self-contained HTML file with the answer first. `render` makes it from runs, curves and figures.

Nothing in it is fetched: images, styles and the scripts of its interactive charts are inside, and its content security
policy lets these scripts run and nothing else. Text from runs is escaped. Without scripts all figures and tables stay.
Figures and tables always come from the runs themselves.
"""

from __future__ import annotations

import base64
import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from longlag import figures, protocol, tables
from longlag.analysis import Analysis, stats
from longlag.figures.tools import style
from longlag.report import answer, claims, explorer, headline, images, newcomer, provenance, scripts
from longlag.report.templates import contents, template
from longlag.tables import published
from longlag.tables.tools import render as typeset
from longlag.words import number, seeds_phrase

MOST_ROWS = 700_000  # letters of the packed rows; a page of thousands of rows
_FLOW = "gradient_flow"  # the figure of what few suites record
_SMALLEST = 50  # times: more than a file of rows is ever packed


@dataclass(frozen=True)
class PageFigure:
    """A figure on the page: its images as data addresses, and the caption that also stands for it where unseen."""

    name: str
    title: str
    source: str
    narrow: str  # the same, laid out for a phone; "" of a figure with very many marks, which takes seconds to paint
    caption: str
    tall: bool  # higher than wide: it would be unreadable if the first screen held all of it


def render(
    analysis: Analysis,
    title: str,
    rows: bytes = b"",
    drawn: Path | None = None,
    tables_in: Path | None = None,
    lecture: Path | None = None,
    handson: str = "",
) -> str:
    """The page as text.

    Args:
        analysis: of the suite's runs and learning curves.
        title: what the suite is called.
        rows: the file of the runs, which the page offers as a download if it is not too large for that.
        drawn: folder of the figures in other formats, which the page names.
        tables_in: folder of the tables in other formats, which the page names.
        lecture: folder that `longlag lecture --out` wrote.
        handson: address of the hands-on page, relative to this one.

    Raises:
        LonglagError: the lecture's folder holds no claims.
    """
    live = explorer.available() and not analysis.runs.empty
    inside = [scripts.inline(contents("saving.js")), *([explorer.library(), explorer.glue()] if live else [])]
    return template("page.html").render(
        title=title,
        css=Markup(contents("page.css")),
        policy=scripts.policy(*inside),
        figures=_figures(analysis),
        beside=_tables(analysis),
        placed=_placed(),
        published=_published(analysis),
        newcomer=newcomer.section(analysis) if analysis.newcomer else None,
        titles={name: tables.get(name).TITLE for name in tables.names()},
        absent=_absent(analysis, lecture, live),
        island=Markup(scripts.to_json(explorer.island(analysis))) if live else "",
        rows=packed(rows),
        scripts=[Markup(script) for script in inside],
        lecture=claims.read(lecture) if lecture is not None else [],
        folders=[f"{folder.name}/" for folder in (drawn, tables_in) if folder is not None],
        handson=handson,
        **_words(analysis),
    )


def _words(analysis: Analysis) -> dict[str, Any]:
    """What the page says of the runs in words and numbers."""
    runs = analysis.runs
    return {
        "answer_line": analysis.smoke or headline.line(analysis),
        "given": headline.given(analysis),
        "remarks": [] if analysis.newcomer else analysis.remarks,  # a newcomer's section repeats them
        "headline": [] if analysis.smoke else headline.sentences(analysis),
        "answer": [] if analysis.smoke else answer.sentences(analysis),
        "tally": answer.tally(runs),
        "endings": answer.endings(runs),
        "missing": answer.gaps(runs),
        "rules": _rules(analysis),
        "provenance": provenance.facts(runs),
        "axes": stats.AXES,
    }


def _placed() -> dict[str, list[str]]:
    """Tables by their section: a figure's name, or "" for failures. Published facts have a section of their own."""
    found: dict[str, list[str]] = {name: [] for name in ["", published.BESIDE, *figures.names()]}
    for name in tables.names():
        found[tables.get(name).BESIDE].append(name)
    del found[published.BESIDE]
    return found


def _published(analysis: Analysis) -> dict[str, Any]:
    """The published facts, a table for each paper."""
    found = published.by_paper(analysis)
    shown = [(heading, typeset.to_html(table, heading, note, stacked=True)) for heading, table, note in found]
    return {
        "note": published.note(analysis),
        "tables": [(heading, Markup(table)) for heading, table in shown],  # escaped there
    }


def _absent(analysis: Analysis, lecture: Path | None, live: bool) -> list[tuple[str, str]]:
    """Parts of the page for which nothing was given, each with why."""
    found = [("Learning curves", "none were given")] if analysis.curves.empty else []
    if analysis.gradient_flow.empty:
        found.append(("Gradient flow during training", "not recorded in these runs"))
    if lecture is None:
        found.append(("The lecture's claims", "not given to this page; longlag lecture --out DIR measures them"))
    if not live:
        words = "there are no runs" if explorer.available() else "vl-convert-python is not installed"
        found.append(("Interactive charts", words))
    return found


def packed(rows: bytes) -> str:
    """A file of runs in base64, compressed; empty if that is more than a page should hold."""
    if len(rows) > _SMALLEST * MOST_ROWS:
        return ""  # rows with a checksum each do not get that small
    text = base64.b64encode(gzip.compress(rows, mtime=0)).decode() if rows else ""
    return text if len(text) <= MOST_ROWS else ""


def _figures(analysis: Analysis) -> list[PageFigure]:
    """The figures of the page, but for that of the gradient flow where none was recorded: `_absent` says so."""
    modules = sorted((figures.get(name).ORDER, name) for name in figures.names())
    drawn = [name for _, name in modules if name != _FLOW or not analysis.gradient_flow.empty]
    return [_figure(name, analysis) for name in drawn]


def _figure(name: str, analysis: Analysis) -> PageFigure:
    module = figures.get(name)
    drawn = module.draw(analysis)
    width, height = drawn.get_size_inches()
    wide = images.of_figure(drawn)
    narrow = "" if images.is_painted(wide) else images.of_figure(module.draw(analysis, width=style.COLUMN_WIDTH))
    return PageFigure(name, module.TITLE, wide, narrow, module.caption(analysis), bool(height > width))


def _tables(analysis: Analysis) -> dict[str, Markup]:
    found = {}
    for name in (name for names in _placed().values() for name in names):
        module = tables.get(name)
        found[name] = Markup(
            typeset.to_html(module.build(analysis), module.TITLE, module.note(analysis), analysis.newcomer)
        )  # escaped there
    return found


def _rules(analysis: Analysis) -> dict[str, str]:
    """The numbers of the protocol that the page quotes."""
    seeds = analysis.success.n
    budgets = sorted(analysis.runs.budget.dropna().unique())
    return {
        "criterion": f"{100 * protocol.CRITERION:g} %",
        "confirmation": f"{100 * protocol.CONFIRMATION:g} %",
        "monitor": f"{protocol.MONITOR:,}",
        "confirm": f"{protocol.CONFIRM:,}",
        "test": f"{protocol.TEST:,}",
        "give_up": str(protocol.GIVE_UP_AFTER),
        "budget": " to ".join(dict.fromkeys([number(budgets[0]), number(budgets[-1])])) if budgets else "unknown",
        "seeds": seeds_phrase(seeds),
        "p": f"{analysis.smallest_p:.2g}",
    }
