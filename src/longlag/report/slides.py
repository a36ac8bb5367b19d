"""Slides of the lecture: one HTML file that fetches nothing and runs no script.

A slide is a claim: its sentence, its figure and its verdict. The speaker's notes hold the exercise and the measured
numbers; a box at the top shows them, and they are printed below each slide.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2

from longlag.report import images
from longlag.report.claims import SIGNS

_HERE = Path(__file__).parent
_WIDTH = 1600  # pixels of a figure


def render(entries: Sequence[dict[str, Any]], folder: Path) -> str:
    """The slides of the entries of `longlag lecture`, whose figures lie in the folder; one not measured says so."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    slides = [_slide(entry, folder) for entry in entries]
    return environment.get_template("slides.html").render(slides=slides)


def _slide(entry: dict[str, Any], folder: Path) -> dict[str, Any]:
    claim, finding = entry["claim"], entry["finding"]
    verdict = finding["verdict"] if finding else "was not measured"
    said = {"undecided": "is undecided"}.get(verdict, verdict)
    pictures = [name for name in entry.get("figures", ()) if name.endswith(".png")]
    return {
        **{name: claim[name] for name in ("number", "title", "sentence", "exercise")},
        "verdict": said,
        "sign": SIGNS.get(verdict, "–"),
        "plain": finding["plain"] if finding else entry["error"],
        "summary": finding["summary"] if finding else "",
        "caveat": finding["caveat"] if finding else "",
        "caption": entry.get("caption", ""),
        "image": images.of_file(folder / pictures[0], _WIDTH) if pictures else "",
    }
