"""The pictures of docs/lecture.md are of the present claims: their words, and the very files that were made with them."""

from __future__ import annotations

import ast
import hashlib
import io
import json
import re
import tomllib
from dataclasses import asdict
from pathlib import Path

import pytest
from PIL import Image

from longlag import lecture
from longlag.figures.lecture.base import seen
from longlag.lecture.base import to_json
from longlag.lecture.data import INIT_AND_MOMENTUM
from longlag.lecture.tools import factorial
from longlag.lecture.tools.numbers import Verdict, interval, most
from longlag.store.records import read_rows, write_rows
from programs import loaded

FOLDER = Path(__file__).parents[2] / "docs" / "lecture"
MAKE = "run `longlag lecture --out DIR && python docs/lecture/pictures.py DIR`"


def test_a_small_picture_keeps_the_colour_of_few_marks(tmp_path):
    figure = Image.linear_gradient("L").resize((600, 400)).convert("RGB")  # as many greys as a palette has colours
    green = (0, 158, 115)
    figure.paste(green, (10, 10, 20, 20))
    figure.save(tmp_path / "figure.png")
    with loaded(FOLDER / "pictures.py") as pictures:
        made = Image.open(io.BytesIO(pictures.small(tmp_path / "figure.png"))).convert("RGB")
    assert max(abs(a - b) for a, b in zip(made.getpixel((15, 15)), green, strict=True)) <= 8


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
    assert shown[slug]["plain"].endswith("."), "the sentence in plain words"


@pytest.mark.parametrize("slug", lecture.names())
def test_a_picture_was_drawn_by_the_code_of_today(pictures, shown, slug):
    assert shown[slug].get("drawn") == pictures.drawn(slug), (
        f"the drawing has changed since the picture was made: {MAKE}"
    )


def test_layout_and_comments_do_not_make_a_picture_older(pictures):
    def tree(source):
        return pictures._tree(ast.parse(source))

    plain = tree("def f(x):\n    return g(x, 1)\n")
    assert (
        tree('"""Of f."""\n# why\ndef f(x):\n    """Says g."""\n    return g(\n        x,\n        1,\n    )\n')
        == plain
    )
    assert tree("def f(x):\n    return g(x, 2)\n") != plain


def test_no_picture_is_left_over(shown):
    assert sorted(shown) == lecture.names() == sorted(path.stem for path in FOLDER.glob("*.png"))


@pytest.fixture(scope="module")
def pictures():
    with loaded(FOLDER / "pictures.py") as module:
        yield module


@pytest.mark.parametrize("part", ["summary", "times", "verdicts", "records", *lecture.names()])
def test_the_tables_of_the_page_are_of_what_is_shown_and_on_record(pictures, part):
    document = FOLDER.with_suffix(".md").read_text("utf-8")
    made = pictures.section(part) if part in lecture.names() else getattr(pictures, part)()
    assert f"<!-- pictures.py: {part} -->\n{made}<!-- end of {part} -->" in document, "run docs/lecture/pictures.py"


def test_the_time_of_all_claims_is_the_sum_of_their_times(pictures, shown):
    minutes = sum(one["seconds"] for one in shown.values()) / 60
    assert pictures.times().endswith(f"| all, as `--slides` measures them | {minutes:.0f} min |\n")
    assert pictures._in_all({"a": {"seconds": 1.5}, "b": {}}) is None, "not timed"


def test_below_a_picture_stand_what_is_seen_the_verdict_and_every_number_that_decides(pictures, shown):
    one, below = shown["exploding_step"], pictures.section("exploding_step")
    assert seen("exploding_step") in below
    assert f"**Verdict, 20 nets: it {one['verdict']}.** {one['plain']}" in below
    items = [f"- {item[:1].upper()}{item[1:]}.\n" for item in one["caveat"].split("; ")]
    assert len(items) == 3
    assert f"Caveats:\n\n{''.join(items)}\n" in below
    assert "A loss below 0 is a gain." in below, "clipped, nets gain in the step"
    assert "Caveats" not in pictures.section("linear_backward"), "it holds without any"
    number = one["numbers"][0]
    value, low, high = (f"{number[name]:.3g}" for name in ("value", "low", "high"))
    assert f"| {number['name']} | {value} {number['unit']} [{low}, {high}] | ≥ 0.5 |" in below
    assert below.count("\n| ") == 1 + len(one["numbers"])
    assert all(number["threshold"] for other in shown.values() for number in other["numbers"])
    assert "its 95 % t interval" in pictures.section("init_and_momentum"), "an interval that is no range has its name"


def test_every_claim_has_a_verdict_from_before_and_says_what_changed(shown):
    before = tomllib.loads((FOLDER / "before.toml").read_text("utf-8"))
    assert list(before) == lecture.select()
    assert all(one["verdict"] in set(Verdict) and one["changed"].strip() for one in before.values())
    unexplained = [slug for slug, one in before.items()
                   if one["verdict"] != shown[slug]["verdict"] and one["changed"].startswith("Nothing")]  # fmt: skip
    assert unexplained == []


def test_every_work_that_the_page_cites_is_listed_at_its_end():
    text, _, works = FOLDER.with_suffix(".md").read_text("utf-8").partition("\n## Works cited\n")
    others = r"(?:(?:, [A-Z][a-z]+)* & [A-Z][a-z]+| et al\.)?"
    cited = set(re.findall(rf"([A-Z][a-z]+){others} ((?:19|20)\d\d)\b", " ".join(text.split())))
    assert cited == set(re.findall(r"^- ([A-Z][a-z]+), .*? (\d{4})\. ", works, flags=re.M))


def test_the_claims_that_are_near_an_edge_are_so_by_the_rule_and_by_what_is_shown(shown):
    """Of the counts on other processors there is no record; what follows from them is checked."""
    text = " ".join(FOLDER.with_suffix(".md").read_text("utf-8").split())
    another, nets, xeon, avx2 = map(int, re.search(
        r"another AMD EPYC (\d+) of its (\d+) tanh nets .*? and (\d+) on the Xeon \(with AVX2 alone (\d+)\), which leaves "
        r"the claim undecided there\. No file", text).groups())  # fmt: skip
    met = [most(*interval(meeting, nets)) for meeting in (another, xeon, avx2)]
    assert met == [True, None, None]
    (here,) = [n for n in shown["exploding_step"]["numbers"] if n["name"].startswith("tanh: ") and "no cl" in n["name"]]
    assert (here["nets"], here["met"]) == (nets, True)
    bar = float(
        re.search(r"Claim 8: the bar decides\. With one of ([\d.]+) all plain nets of its table would pass", text)[1]
    )
    (plain,) = [n for n in shown["lstm_error_flow"]["numbers"] if n["name"].startswith("plain net: ")]
    assert plain["low"] >= bar


def test_every_corner_of_claim_11_is_on_record_at_the_cost_that_the_page_names():
    rows = read_rows(INIT_AND_MOMENTUM)
    recorded = {(row.method, row.task) for row in rows}
    assert recorded == {(corner.name, problem.task) for corner in factorial.CORNERS for problem in factorial.PROBLEMS}
    document = FOLDER.with_suffix(".md").read_text("utf-8")
    assert "not run**" not in document
    said = re.search(r"They took (\d+)\s+minutes of one core", document)
    assert int(said[1]) == round(sum(row.seconds for row in rows) / 60)
    count, commit = re.search(r"(\d+) of the rows name the commit (\w+)", document).groups()
    assert int(count) == sum(row.commit == commit for row in rows)


def test_a_corner_without_records_is_said_to_be_not_run(pictures, monkeypatch, tmp_path):
    kept = [row for row in read_rows(INIT_AND_MOMENTUM) if row.method != "lecture-both-0_98"]
    write_rows(tmp_path / "some.csv", kept)
    monkeypatch.setattr(pictures, "INIT_AND_MOMENTUM", tmp_path / "some.csv")
    assert pictures.records().count("| not run |") == len(factorial.PROBLEMS)
