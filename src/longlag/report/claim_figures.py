"""The figure of a claim, where there is something to draw."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from longlag.figures import lecture as drawings


def draw(slug: str, finding: dict[str, Any]) -> Figure | None:
    """The figure for the page; None where no net was judged and nothing else can be drawn."""
    return _made(drawings.get(slug).draw, finding)


def slide(slug: str, finding: dict[str, Any], width: float) -> Figure | None:
    """The figure for a slide of that width, or None."""
    return _made(drawings.get(slug).slide, finding, width=width)


def _made(drawing: Any, finding: dict[str, Any], **how: Any) -> Figure | None:
    try:
        figure: Figure = drawing(finding, **how)
    except (KeyError, IndexError, ValueError):  # the series of no net
        if any(number["nets"] for number in finding["numbers"] if number["threshold"]):
            raise
        return None
    return figure
