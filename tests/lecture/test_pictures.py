"""The pictures of docs/lecture.md are of the present claims: their words, and the very files that were made with them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import pytest

from longlag import lecture
from longlag.lecture.base import to_json
from longlag.lecture.tools.numbers import Verdict

FOLDER = Path(__file__).parents[2] / "docs" / "lecture"
MAKE = "run `longlag lecture --out DIR && python docs/lecture/pictures.py DIR`"


@pytest.fixture(scope="module")
def shown():
    return json.loads((FOLDER / "shown.json").read_text("utf-8"))["claims"]


@pytest.mark.parametrize("slug", lecture.names())
def test_a_picture_shows_the_claim_as_it_is_measured_now(shown, slug):
    assert shown[slug]["claim"] == to_json(asdict(lecture.get(slug).CLAIM)), f"the claim has changed: {MAKE}"
    png = (FOLDER / f"{slug}.png").read_bytes()
    assert hashlib.sha256(png).hexdigest() == shown[slug]["digest"], f"another picture: {MAKE}"
    assert len(png) < 150_000
    assert shown[slug]["verdict"] in set(Verdict)


def test_no_picture_is_left_over(shown):
    assert sorted(shown) == lecture.names() == sorted(path.stem for path in FOLDER.glob("*.png"))
