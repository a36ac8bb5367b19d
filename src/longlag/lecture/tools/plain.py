"""A verdict in a few short sentences of plain words, for a slide; the numbers behind it stand elsewhere.

Where a claim holds, they say what was found. A caveat is a sentence of its own, which begins with "But". Where a claim
is undecided or does not hold, they name the threshold that the fewest nets meet, and how many do. A claim that is
judged case by case says yes, no or undecided for each case. If not every case is a yes, they begin with a question, so
that no part asserts what another part denies.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from longlag.lecture.tools.numbers import Number, Verdict
from longlag.words import join_words

_ENOUGH = 4  # nets: of fewer, Wilson's interval always holds one half
_ANSWERS = {Verdict.HOLDS: "yes", Verdict.CAVEAT: "yes", Verdict.FAILS: "no", Verdict.UNDECIDED: "undecided"}


def sentence(verdict: Verdict, numbers: Sequence[Number], fact: str, but: str = "") -> str:
    """The words of a claim. fact: what was found, without a full stop. but: its caveat in few words."""
    if verdict is Verdict.FAILS:
        return f"No: {_counted(_fewest(numbers, False), 'only ')}."
    if verdict is Verdict.UNDECIDED:
        number = _fewest([number for number in numbers if number.undecided], None)
        if number.nets == 0:
            return "Undecided: no net can be judged."
        if number.nets < _ENOUGH:
            return f"Undecided: {_counted(number)}, and fewer than {_ENOUGH} nets decide nothing (--seeds 0:20)."
        return f"Undecided: {_counted(number)}. This is too near to half to decide."
    return f"{fact}{_but(but, numbers)}."


def at_least(share: float) -> float:
    """The share of one, rounded down to whole percent: in words a lower bound stays one."""
    return math.floor(round(100 * share, 6)) / 100


def by_case(
    fact: str,
    question: str,
    cases: Mapping[str, Verdict],
    but: str = "",
    held: Sequence[Number] = (),
    why: str = "",
) -> str:
    """The words of a claim that is judged case by case: the fact, if every case is a yes, else the question and its
    answers. held: the numbers of the cases in which it holds; why: the reason of a claim that is undecided."""
    if not cases:
        return f"{question} Undecided, since nothing was run."
    answers = {answer: [name for name, one in cases.items() if _ANSWERS[one] == answer] for answer in _ANSWERS.values()}
    said = [f"{answer} for {join_words(names)}" for answer, names in answers.items() if names]
    if list(filter(answers.get, answers)) == ["yes"]:
        return f"{fact}: {said[0]}{_but(but, held)}."
    since = f", since {why}" if why else ""
    return f"{question} {'. '.join(one[:1].upper() + one[1:] for one in said)}{since}."


def _fewest(numbers: Sequence[Number], met: bool | None) -> Number:
    return min((n for n in numbers if n.met is met), key=lambda n: n.meeting / n.nets if n.nets else 0.0)


def _counted(number: Number, few: str = "") -> str:
    nets = f"{few}{number.meeting} of {number.nets} nets" if number.meeting else f"none of {number.nets} nets"
    return f"{number.means} in {nets}"


def _but(said: str, numbers: Sequence[Number]) -> str:
    """The caveat; without one, the threshold that most nets meet and some miss."""
    some = [number for number in numbers if number.met and number.meeting < number.nets]
    if said or some:
        return f". But {said or _counted(_fewest(some, True), 'only ')}"
    return ""
