"""The section of the page that `longlag compare` adds: one new method against those of the reference."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from longlag.analysis import Analysis
from longlag.tables.tools import newcomer
from longlag.tables.tools.render import to_html
from longlag.words import capital, method_label


def section(analysis: Analysis) -> dict[str, Any]:
    """Title, sentences and tables (as HTML, by their title) of the newcomer of an analysis."""
    tables = [newcomer.against(analysis), newcomer.by_cell(analysis)]
    return {
        "title": f"{capital(method_label(analysis.newcomer))} against the reference",
        "sentences": newcomer.sentences(analysis),
        "tables": {words.title: Markup(to_html(*words)) for words in tables},  # escaped there
    }
