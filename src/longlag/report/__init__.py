"""The page: one self-contained HTML file with the answer first. `render` makes it from runs, curves and figures.

Nothing in it is fetched: images are embedded, styles are inline, and there is no script. Text from runs is escaped.
Tables always come from the runs themselves; figures are drawn unless a folder with PNG files is given.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

import jinja2
import pandas as pd
from markupsafe import Markup

from longlag import figures, protocol, registry, stats, tables
from longlag.figures import style
from longlag.report import answer, provenance
from longlag.tables import render as setting
from longlag.words import number, sample

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Picture:
    """A figure on the page: its images as data addresses, and the caption that also stands for it where unseen."""

    name: str
    title: str
    source: str
    narrow: str  # the same, laid out for a phone
    caption: str


def render(
    runs: pd.DataFrame, curves: pd.DataFrame, title: str, drawn: Path | None = None, tables_in: Path | None = None
) -> str:
    """The page as text.

    Args:
        runs: rows, as `stats.load_runs` gives them; curves: points, as `stats.load_curves` does.
        title: what the suite is called.
        drawn: folder with NAME.png of figures that exist already; the others are drawn,
            and all of them once more at the width of a phone.
        tables_in: folder of the tables in other formats, which the page names.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    known_tasks, known_methods = registry.names("tasks"), registry.names("methods")
    found = _tables(runs)
    return environment.get_template("page.html").render(
        title=title,
        css=Markup((HERE / "page.css").read_text()),
        answer=answer.sentences(runs),
        tally=answer.tally(runs),
        pictures=_pictures(runs, curves, drawn),
        beside=found,
        placed={name: [t for t in tables.names() if name == tables.get(t).BESIDE] for name in ["", *figures.names()]},
        titles={name: tables.get(name).TITLE for name in tables.names()},
        missing=answer.gaps(runs, sorted({*known_tasks, *runs.task}), sorted({*known_methods, *runs.method})),
        no_curves=curves.empty,
        rules=_rules(runs),
        provenance=provenance.facts(runs),
        folders=[f"{folder.name}/" for folder in (drawn, tables_in) if folder is not None],
    )


def _pictures(runs: pd.DataFrame, curves: pd.DataFrame, drawn: Path | None) -> list[Picture]:
    modules = sorted((figures.get(name).ORDER, name) for name in figures.names())
    return [_picture(name, runs, curves, drawn) for _, name in modules]


def _picture(name: str, runs: pd.DataFrame, curves: pd.DataFrame, drawn: Path | None) -> Picture:
    module, file = figures.get(name), (drawn or Path()) / f"{name}.png"
    given = drawn is not None and file.is_file()
    wide = file.read_bytes() if given else style.encode(module.draw(runs, curves), "png")
    narrow = style.encode(module.draw(runs, curves, width=style.COLUMN_WIDTH), "png")
    return Picture(name, module.TITLE, _address(wide), _address(narrow), module.caption(runs, curves))


def _address(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode()


def _tables(runs: pd.DataFrame) -> dict[str, Markup]:
    found = {}
    for name in tables.names():
        module = tables.get(name)
        found[name] = Markup(setting.to_html(module.build(runs), module.TITLE, module.note(runs)))  # escaped there
    return found


def _rules(runs: pd.DataFrame) -> dict[str, str]:
    """The numbers of the protocol that the page quotes."""
    seeds = stats.success(runs).n
    fewest = int(seeds.min()) if len(seeds) else 0
    budgets = sorted(runs.budget.dropna().unique())
    return {
        "criterion": f"{100 * protocol.CRITERION:g} %",
        "confirmation": f"{100 * protocol.CONFIRMATION:g} %",
        "monitor": f"{protocol.MONITOR:,}",
        "confirm": f"{protocol.CONFIRM:,}",
        "test": f"{protocol.TEST:,}",
        "give_up": str(protocol.GIVE_UP_AFTER),
        "budget": " to ".join(dict.fromkeys([number(budgets[0]), number(budgets[-1])])) if budgets else "unknown",
        "seeds": sample(seeds),
        "p": f"{stats.smallest_p(fewest, fewest):.2g}" if fewest else "1",
    }
