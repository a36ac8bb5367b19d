"""Slides of the lecture: one HTML file that fetches nothing; its one script, of thirty lines, moves by keys.

A slide is a claim: its sentence, its figure in one row (on a phone in one column), and its verdict in plain words. The
speaker's notes hold the exercise and the measured numbers; a box shows them, and they are printed below each slide.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from longlag.figures.tools import style
from longlag.report import claim_figures, images, scripts
from longlag.report.claims import SIGNS
from longlag.report.templates import contents, template, with_code
from longlag.words import count


def render(entries: Sequence[dict[str, Any]], seeds: int = 0) -> str:
    """The slides of the entries of `longlag lecture`, measured with so many seeds; one that was not says so."""
    slides, script = [_slide(entry) for entry in entries], scripts.inline(contents("slides.js"))
    return template("slides.html").render(
        slides=slides,
        seeds=count(seeds, "seed") if seeds else "",
        script=Markup(script),
        policy=scripts.policy(script),
    )


def _slide(entry: dict[str, Any]) -> dict[str, Any]:
    claim, finding = entry["claim"], entry["finding"]
    verdict = finding["verdict"] if finding else ""
    said = {"undecided": "is undecided"}.get(verdict, verdict)
    return {
        **{name: claim[name] for name in ("number", "title", "sentence")},
        "exercise": {part: with_code(words) for part, words in claim["exercise"].items()},
        "verdict": said,
        "sign": SIGNS.get(verdict, "–"),
        "plain": _after_the_verdict(finding["plain"]) if finding else entry["error"],
        "summary": finding["summary"] if finding else "",
        "caveat": finding["caveat"] if finding else "",
        "caption": entry.get("caption", ""),
        "image": _image(claim["slug"], finding, style.PAGE_WIDTH) if finding else "",
        "narrow": _image(claim["slug"], finding, style.COLUMN_WIDTH) if finding else "",
    }


def _image(slug: str, finding: dict[str, Any], width: float) -> str:
    figure = claim_figures.slide(slug, finding, width)
    return images.of_figure(figure) if figure else ""


def _after_the_verdict(sentence: str) -> str:
    """The sentence in plain words without the verdict that it may begin with: the slide has said it."""
    said = re.sub("^(Undecided|No): ", "", sentence)
    return said[:1].upper() + said[1:]
