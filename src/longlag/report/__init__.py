"""The page: one self-contained HTML file with the answer first. `render` makes it from runs, curves and figures.

Nothing in it is fetched: images, styles and the scripts of its interactive charts are inside, and its content security
policy lets these scripts run and nothing else. Text from runs is escaped. Without scripts all figures and tables stay.
Tables always come from the runs themselves; figures are drawn unless a folder with PNG files is given.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from longlag import figures, protocol, registry, tables
from longlag.analysis import Analysis, intervals, stats
from longlag.figures.tools import style
from longlag.report import answer, claims, explorer, headline, images, newcomer, provenance
from longlag.store import files
from longlag.tables.tools import render as setting
from longlag.words import number, seeds_phrase

HERE = Path(__file__).parent


@dataclass(frozen=True)
class PageFigure:
    """A figure on the page: its images as data addresses, and the caption that also stands for it where unseen."""

    name: str
    title: str
    source: str
    narrow: str  # the same, laid out for a phone
    caption: str


def render(
    analysis: Analysis,
    title: str,
    drawn: Path | None = None,
    tables_in: Path | None = None,
    lecture: Path | None = None,
    handson: str = "",
) -> str:
    """The page as text.

    Args:
        analysis: of the suite's runs and learning curves.
        title: what the suite is called.
        drawn: folder with NAME.png of figures that exist already; the others are drawn,
            and all of them once more at the width of a phone.
        tables_in: folder of the tables in other formats, which the page names.
        lecture: folder that `longlag lecture --out` wrote.
        handson: address of the hands-on page, relative to this one.

    Raises:
        LonglagError: the lecture's folder holds no claims.
    """
    live = explorer.available() and not analysis.runs.empty
    scripts = [explorer.library(), explorer.glue()] if live else []
    return _template().render(
        title=title,
        css=Markup((HERE / "page.css").read_text("utf-8")),
        policy=explorer.policy(*scripts),
        figures=_figures(analysis, drawn),
        beside=_tables(analysis),
        placed=_placed(),
        newcomer=newcomer.section(analysis) if analysis.newcomer else None,
        titles={name: tables.get(name).TITLE for name in tables.names()},
        absent=_absent(analysis, lecture, live),
        island=Markup(explorer.to_json(explorer.island(analysis))) if live else "",
        scripts=[Markup(script) for script in scripts],
        lecture=claims.read(lecture) if lecture is not None else [],
        folders=[f"{folder.name}/" for folder in (drawn, tables_in) if folder is not None],
        handson=handson,
        **_words(analysis),
    )


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    return environment.get_template("page.html")


def _words(analysis: Analysis) -> dict[str, Any]:
    """What the page says of the runs in words and numbers."""
    runs = analysis.runs
    tasks = sorted({*registry.names("tasks"), *runs.task})
    methods = sorted({*registry.names("methods"), *runs.method})
    return {
        "headline": headline.sentences(analysis),
        "answer": answer.sentences(analysis),
        "tally": answer.tally(runs),
        "missing": answer.gaps(runs, tasks, methods),
        "rules": _rules(analysis),
        "provenance": provenance.facts(runs),
        "axes": stats.AXES,
    }


def _placed() -> dict[str, list[str]]:
    """Tables by the section that they belong to: a figure's name, "published", or "" for failures."""
    found: dict[str, list[str]] = {name: [] for name in ["", "published", *figures.names()]}
    for name in tables.names():
        found[tables.get(name).BESIDE].append(name)
    return found


def _absent(analysis: Analysis, lecture: Path | None, live: bool) -> list[tuple[str, str]]:
    """Parts of the page for which nothing was given, each with why."""
    found = [("Learning curves", "none were given")] if analysis.curves.empty else []
    if analysis.gradient_flow.empty:
        found.append(("Gradient flow during training", "not recorded in these runs"))
    if lecture is None:
        found.append(("The lecture's claims", "not given to this page"))
    if not live:
        words = (
            "there are no runs" if explorer.available() else "vl-convert-python is not installed (longlag[workflow])"
        )
        found.append(("Interactive charts", words))
    return found


def _figures(analysis: Analysis, drawn: Path | None) -> list[PageFigure]:
    modules = sorted((figures.get(name).ORDER, name) for name in figures.names())
    return [_figure(name, analysis, drawn) for _, name in modules]


def _figure(name: str, analysis: Analysis, drawn: Path | None) -> PageFigure:
    module, file = figures.get(name), (drawn or Path()) / f"{name}.png"
    given = drawn is not None and files.is_file(file)
    wide = images.of_file(file) if given else images.of_figure(module.draw(analysis))
    narrow = images.of_figure(module.draw(analysis, width=style.COLUMN_WIDTH))
    return PageFigure(name, module.TITLE, wide, narrow, module.caption(analysis))


def _tables(analysis: Analysis) -> dict[str, Markup]:
    found = {}
    for name in tables.names():
        module = tables.get(name)
        found[name] = Markup(
            setting.to_html(module.build(analysis), module.TITLE, module.note(analysis), analysis.newcomer)
        )  # escaped there
    return found


def _rules(analysis: Analysis) -> dict[str, str]:
    """The numbers of the protocol that the page quotes."""
    seeds = analysis.success.n
    fewest = int(seeds.min()) if len(seeds) else 0
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
        "p": f"{intervals.smallest_p(fewest, fewest):.2g}" if fewest else "1",
    }
