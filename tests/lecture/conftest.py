"""What the tests of the claims share: a small net, a drawing checked, a claim that is lost for the right reason."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from crossings import crossed
from longlag.figures import lecture as drawings
from longlag.figures.tools import style
from longlag.lecture.base import Finding
from longlag.lecture.tools.nets import Net, Unit, gaussian
from longlag.lecture.tools.numbers import Number, Verdict, most
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
        check_rates(finding)
        found = [number.name for number in finding.numbers if number.met is False]
        assert (finding.verdict == Verdict.FAILS) == bool(found)
        check_sentence(finding)
        return found

    return names


@pytest.fixture
def draw() -> Callable[..., None]:
    """Draws what JSON kept of a finding and its slide, at both widths; no text may be smaller than `smallest` points, and no line may
    cross a word but those of `anywhere`, whose lines lie anywhere when little is measured."""

    def check(slug: str, finding: Finding, smallest: float = 7, anywhere: Sequence[str] = ()) -> None:
        check_rates(finding)
        check_sentence(finding)
        kept = json.loads(json.dumps(finding.to_dict(), allow_nan=False))
        for width in (style.PAGE_WIDTH, style.COLUMN_WIDTH):
            for drawn in (drawings.get(slug).draw, drawings.get(slug).slide):
                figure = drawn(kept, width=width)
                figure.draw_without_rendering()
                texts = [text for text in figure.findobj(lambda one: hasattr(one, "get_fontsize")) if text.get_text()]
                assert min(text.get_fontsize() for text in texts) >= smallest
                assert set(crossed(figure)) <= set(anywhere)
        caption = drawings.get(slug).caption(kept)
        assert "n = " in caption
        assert finding.verdict in caption
        assert "nan" not in caption

    return check


LONGEST = 320  # letters: four lines of a slide
_CASES = re.compile(r"(?::|\?|\.) (yes|no|undecided) for ", flags=re.IGNORECASE)


def check_sentence(finding: Finding) -> None:
    """The sentence in plain words says what the verdict says, and counts the nets that the numbers count."""
    said = finding.plain
    assert said.endswith(".")
    assert len(said) <= LONGEST
    assert not re.search(r"\n|  |\.\.|\bnan\b|\binf\b|[{}]", said)
    by_case = [answer.lower() for answer in _CASES.findall(said)]
    assert ("?" in said) == (by_case not in ([], ["yes"]) or said.endswith("since nothing was run."))
    if by_case or said.endswith("since nothing was run."):
        assert by_case == sorted(set(by_case), key=["yes", "no", "undecided"].index)
        assert verdict_of(by_case, ". But " in said) == finding.verdict
        return
    opens = {"No": Verdict.FAILS, "Undecided": Verdict.UNDECIDED}
    fact = Verdict.CAVEAT if ". But " in said else Verdict.HOLDS
    assert opens.get(said.split(":")[0], fact) == finding.verdict
    if finding.verdict in opens.values():
        missed = [number for number in finding.numbers if decides(number, finding.verdict)]
        assert any(counted(number) in said for number in missed)


def check_rates(finding: Finding) -> None:
    """Every threshold has words, and a rate of nets with its interval. A theorem has none, since one net refutes it;
    the effects of claim 11 have an interval of their own."""
    for number in finding.numbers:
        if number.threshold and number.interval != "95 % t interval":
            assert number.means, number.name
            low, high = number.share or (0.0, 1.0)
            assert low <= number.meeting / max(number.nets, 1) <= high
            theorem = None if number.nets == 0 else number.meeting == number.nets
            assert number.met == (most(low, high) if number.share else theorem)


def verdict_of(answers: list[str], but: bool) -> Verdict:
    """The verdict that follows from the answers to the cases of a claim."""
    if "yes" in answers:
        return Verdict.CAVEAT if but or len(answers) > 1 else Verdict.HOLDS
    return Verdict.FAILS if answers == ["no"] else Verdict.UNDECIDED


def decides(number: Number, verdict: Verdict) -> bool:
    return number.met is False if verdict is Verdict.FAILS else number.undecided


def counted(number: Number) -> str:
    if number.nets == 0:
        return "no net can be judged"
    nets = f"{number.meeting or 'none'} of {number.nets} nets"
    return f"{number.means} in {'only ' if number.met is False and number.meeting else ''}{nets}"


@pytest.fixture
def plain() -> Callable[[Finding], str]:
    """The sentence of a finding, which must agree with its verdict."""

    def sentence(finding: Finding) -> str:
        check_sentence(finding)
        return finding.plain

    return sentence
