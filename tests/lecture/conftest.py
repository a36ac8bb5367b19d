"""What the tests of the claims share: a small net, a drawing checked, a claim that is lost for the right reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest

from longlag.figures import lecture as drawings
from longlag.figures.tools import style
from longlag.lecture.base import Finding, Verdict
from longlag.lecture.tools.nets import Net, Unit, gaussian
from longlag.rng import stream


@dataclass(frozen=True)
class Tiny:
    """A net of 5 units with 2 inputs, 3 sequences of 6 steps, start states [B, H] and errors [T, B, H]."""

    net: Net
    x: np.ndarray
    start: np.ndarray
    d_states: np.ndarray


@pytest.fixture
def tiny() -> Callable[[Unit], Tiny]:
    def make(unit: Unit) -> Tiny:
        steps, batch, hidden, inputs = 6, 3, 5, 2
        rng = stream(0, "test")
        net = replace(gaussian(rng, unit, hidden, inputs, 1.5), b_h=rng.standard_normal(hidden))
        shapes = ((steps, batch, inputs), (batch, hidden), (steps, batch, hidden))
        return Tiny(net, *(rng.standard_normal(shape) for shape in shapes))

    return make


@pytest.fixture
def missed() -> Callable[[Finding], list[str]]:
    """The names of the numbers that miss their thresholds. The verdict must agree."""

    def names(finding: Finding) -> list[str]:
        found = [number.name for number in finding.numbers if number.met is False]
        assert (finding.verdict == Verdict.FAILS) == bool(found)
        return found

    return names


@pytest.fixture
def draw() -> Callable[..., None]:
    """Draws what JSON kept of a finding, at both widths; no text may be smaller than `smallest` points."""

    def check(slug: str, finding: Finding, smallest: float = 7) -> None:
        kept = json.loads(json.dumps(finding.to_dict(), allow_nan=False))
        for width in (style.PAGE_WIDTH, style.COLUMN_WIDTH):
            figure = drawings.get(slug).draw(kept, width=width)
            figure.draw_without_rendering()
            texts = [text for text in figure.findobj(lambda artist: hasattr(artist, "get_fontsize")) if text.get_text()]
            assert min(text.get_fontsize() for text in texts) >= smallest
        caption = drawings.get(slug).caption(kept)
        assert "n = " in caption
        assert finding.verdict in caption
        assert "nan" not in caption

    return check
