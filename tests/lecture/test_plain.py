"""The sentence in plain words: which claim has which words, and what it says of a verdict."""

from __future__ import annotations

import re
import string

import pytest

from longlag.lecture.base import claim, conclude, conclude_by_case, texts
from longlag.lecture.tools import plain as words
from longlag.lecture.tools.numbers import Verdict, over_seeds, premise, theorem

TOLD = {"first": 0, "last": 0, "doubling": 0.0, "adding": 0.0, "short": 0.25}


def number(meeting, nets, means="the sum is exact"):
    return over_seeds(means, [0.0] * meeting + [1.0] * (nets - meeting), "", means, at_most=0)


def found(*numbers, **said):
    return conclude(claim("linear_backward", units=1, steps=1, roundings=1, bound=1.0), numbers, {}, **said, **TOLD)


@pytest.mark.parametrize(
    ("numbers", "said", "verdict", "ending"),
    [
        ([number(10, 10)], {}, Verdict.HOLDS, "twice the effect on the states: it misses by 25% of the effect or more."),
        ([number(10, 10)], {"caveat": "it is slow"}, Verdict.CAVEAT, "by 25% of the effect or more. But it is slow."),
        ([number(10, 10)], {"caveat": "long", "but": "short"}, Verdict.CAVEAT, "by 25% of the effect or more. But short."),
        ([number(9, 10)], {}, Verdict.CAVEAT, ". But the sum is exact in only 9 of 10 nets."),
        ([number(8, 10)], {}, Verdict.UNDECIDED,
         "Undecided: the sum is exact in 8 of 10 nets. This is too near to half to decide."),
        ([number(8, 10), number(6, 10, "it is quick")], {"caveat": "it is slow"}, Verdict.UNDECIDED,
         "Undecided: it is quick in 6 of 10 nets. This is too near to half to decide."),
        ([number(3, 3)], {}, Verdict.UNDECIDED,
         "Undecided: the sum is exact in 3 of 3 nets, and fewer than 4 nets decide nothing (--seeds 0:20)."),
        ([number(0, 0)], {}, Verdict.UNDECIDED, "Undecided: no net can be judged."),
        ([number(10, 10), number(1, 10)], {}, Verdict.FAILS, "No: the sum is exact in only 1 of 10 nets."),
        ([number(0, 5), number(1, 10, "x")], {}, Verdict.FAILS, "No: the sum is exact in none of 5 nets."),
        ([theorem(number(9, 10))], {}, Verdict.FAILS, "No: the sum is exact in only 9 of 10 nets."),
    ],
)  # fmt: skip
def test_a_sentence_follows_from_the_numbers_as_its_verdict_does(plain, numbers, said, verdict, ending):
    finding = found(*numbers, **said)
    assert finding.verdict == verdict
    assert plain(finding).endswith(ending)


def test_nets_off_the_premise_are_the_caveat_of_a_sentence(plain):
    judged, _, off = premise([0.0] * 9 + [1.0], lambda net: net == 0, "won", "lost")
    sentence = plain(found(over_seeds("x", judged, at_most=0), caveat=off))
    assert sentence.endswith(". But 1 of 10 nets (seed 9) lost and is not judged.")


def test_a_claim_that_is_undecided_says_why_and_no_other_does(plain):
    asked = claim("modified_dynamics", task="x", good=1, poor=2, slight=0.1, tested=1)

    def said(**cases):
        each = {name: [one] for name, one in cases.items()}
        return plain(conclude_by_case(asked, each, [], {}, why="few nets were run", parts=""))

    assert said(a=number(5, 10)).endswith("? Undecided for a, since few nets were run.")
    assert "since" not in said(a=number(10, 10), b=number(5, 10))
    assert "since" not in said(a=number(0, 10))


def test_a_claim_with_cases_answers_each(plain):
    held, failed, open_ = number(10, 10), number(0, 10), number(5, 10)
    asked = claim("modified_dynamics", task="x", good=1, poor=2, slight=0.1, tested=1)

    def said(shown=None, **cases):
        finding = conclude_by_case(
            asked, {name: [one] for name, one in cases.items()}, [], {}, "late", "slowly", shown, parts=""
        )
        return re.split(r": |\? ", plain(finding), maxsplit=1)[1]

    assert said(a=held, b=held, c=held) == "yes for a, b and c. But slowly."
    assert said({"a": "1 %", "b": "2 %", "c": "3 %"}, a=held, b=failed, c=open_) == (
        "Yes for a (1 %). No for b (2 %). Undecided for c (3 %)."
    )
    assert said(a=failed, b=failed) == "No for a and b."
    assert said(a=failed, b=open_) == "No for a. Undecided for b."
    assert said() == "Undecided, since nothing was run."


def test_every_claim_has_words_for_a_slide():
    for slug, each in texts().items():
        assert not each["plain"].rstrip().endswith("."), slug
        assert len(each["plain"]) <= 200, slug
        assert each.get("question", "?").endswith("?"), slug
        assert all(name for _, name, _, _ in string.Formatter().parse(each["plain"]) if name is not None), slug


def test_a_caveat_of_cases_stands_where_all_of_them_agree():
    one = {"a": Verdict.HOLDS, "b": Verdict.CAVEAT}
    assert words.by_case("It pays", "Does it?", one, "rarely") == "It pays: yes for a and b. But rarely."
    assert words.by_case("It pays", "Does it?", one, "", [number(9, 10)]) == (
        "It pays: yes for a and b. But the sum is exact in only 9 of 10 nets."
    )
    mixed = words.by_case("It pays", "Does it?", one | {"c": Verdict.FAILS}, "rarely")
    assert mixed == "Does it? Yes for a and b. No for c."


@pytest.mark.parametrize("lost", [Verdict.FAILS, Verdict.UNDECIDED])
def test_a_sentence_of_cases_asserts_nothing_unless_every_case_is_a_yes(lost):
    held = {"a": Verdict.HOLDS, "b": Verdict.CAVEAT}
    assert words.by_case("It pays", "Does it?", held).startswith("It pays: yes for a and b")
    for cases in ({"a": lost}, held | {"c": lost}, {}):
        assert words.by_case("It pays", "Does it?", cases).startswith("Does it? ")
