"""The lecture: every claim, found by its file, is whole; one rule makes verdicts; one command measures, draws, tells."""

from __future__ import annotations

import html
import json
import math
import os
import re
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

from longlag import lecture
from longlag.analysis import intervals
from longlag.cli import main
from longlag.errors import LonglagError
from longlag.figures import lecture as drawings
from longlag.figures.lecture.base import seen
from longlag.lecture.base import Claim, Exercise, Finding, caveats, columns, conclude_by_case, texts, to_json
from longlag.lecture.tools import running
from longlag.lecture.tools.numbers import Number, Verdict, minorities, over_seeds, premise, theorem, verdict
from longlag.report import slides
from longlag.store import files

ROOT = Path(__file__).parents[2]
QUICK = "linear_backward"


@pytest.mark.parametrize("slug", lecture.names())
def test_every_claim_is_whole(slug):
    claim = lecture.get(slug).CLAIM
    words = (claim.title, claim.sentence, claim.quantity, claim.threshold, *vars(claim.exercise).values())
    assert claim.slug == slug
    assert all(word.strip() for word in words)
    derived = re.search(r"(19|20)\d\d", claim.threshold) or " since " in claim.threshold
    assert derived, "a threshold cites its source, or is derived on the spot"
    assert not any("\n" in word or "  " in word for word in words), "the map has a line for each"
    assert "|" not in claim.title, "the map begins with a table of titles"


@pytest.mark.parametrize("slug", lecture.names())
def test_every_claim_has_a_second_way_to_its_number(slug):
    tests = (Path(__file__).parent / f"test_{slug}.py").read_text("utf-8")
    assert re.search(r'def test_\w+\([^)]*\)[^:]*:\n    """The second way: ', tests), "an independent check, so named"


def test_every_claim_has_its_texts_in_the_order_of_the_lecture():
    assert sorted(texts()) == lecture.names()
    assert [lecture.get(slug).CLAIM.number for slug in texts()] == list(range(1, len(texts()) + 1))
    assert lecture.select() == list(texts())


def test_every_claim_has_a_drawing_with_a_caption_and_every_drawing_a_claim():
    assert drawings.names() == lecture.names()
    captions = tomllib.loads(Path(drawings.__file__).with_name("captions.toml").read_text("utf-8"))
    assert sorted(captions) == drawings.names()
    assert all(set(texts) == {"see", "details"} for texts in captions.values())
    for slug in drawings.names():
        assert callable(drawings.get(slug).draw)
        assert callable(drawings.get(slug).caption)


@pytest.mark.parametrize(
    ("meeting", "nets", "met"),
    [
        (5, 5, True),
        (4, 5, None),
        (1, 5, None),
        (0, 5, False),
        (9, 10, True),
        (8, 10, None),
        (40, 60, True),
        (1, 1, None),
    ],
)
def test_a_bound_is_met_if_most_nets_meet_it_by_the_whole_interval(meeting, nets, met):
    number = over_seeds("x", [1.0] * meeting + [3.0] * (nets - meeting), at_most=2)
    assert (number.met, number.meeting, number.nets) == (met, meeting, nets)
    assert number.share == tuple(map(float, intervals.wilson(meeting, nets))), "one interval in both"
    assert number.undecided == (met is None)


@pytest.mark.parametrize("slug", drawings.names())
def test_what_is_seen_in_a_figure_takes_a_glance_to_read(slug):
    words = seen(slug)
    assert words.endswith(".")
    assert len(words) <= 220
    assert not re.search(r"[{}\n]|  ", words)


def test_one_counterexample_refutes_a_theorem_however_many_nets_obey_it():
    assert theorem(over_seeds("x", [0.0] * 100, at_most=0)).met is True
    refuted = theorem(over_seeds("x", [0.0] * 99 + [1e-300], at_most=0))
    assert (refuted.met, refuted.meeting, refuted.nets, refuted.share) == (False, 99, 100, ())


def test_bounds_and_what_they_are_called():
    assert over_seeds("x", [1, 2, 3], at_most=3).meeting == 3
    assert over_seeds("x", [1, 2, 3], at_most=2).meeting == 2
    assert over_seeds("x", [1, 2, 3], below=3).meeting == 2
    assert over_seeds("x", [1, 2, 3], at_least=1, at_most=3).threshold == "≥ 1 and ≤ 3"
    assert over_seeds("x", [1, 2, 3], above=1).meeting == 2
    assert over_seeds("x", [1, 2, 3]).met is None
    assert not over_seeds("x", [1, 2, 3]).undecided
    assert over_seeds("x", [1, math.nan], at_most=3).meeting == 1
    number = over_seeds("x", [5, 1, 2], "steps")
    assert (number.value, number.low, number.high, number.unit) == (2, 1, 5, "steps")


def test_no_seed_at_all_decides_nothing():
    number = over_seeds("x", [], at_most=3)
    assert (number.met, number.undecided, math.isnan(number.value)) == (None, True, True)
    assert theorem(number).undecided


def test_nets_off_the_premise_are_counted_named_and_not_judged():
    judged, share, caveat = premise([3, -1, 4, -1], lambda net: net > 0, "won", "lost", (5, 6, 7, 8), "chess")
    assert judged == [3, 4]
    assert (share.name, share.value, share.met) == ("chess: nets that won", 0.5, None)
    assert caveat == "2 of 4 nets of chess (seeds 6, 8) lost and are not judged"
    assert premise([1, 2], bool, "won", "lost")[2] == ""
    assert premise([0], bool, "won", "lost")[2] == "1 of 1 nets (seed 0) lost and is not judged"


def test_a_claim_with_cases_holds_if_it_holds_in_one_and_names_the_others():
    claim = lecture.get("modified_dynamics").CLAIM
    told = {"parts": ""}
    good, bad, open_ = (over_seeds("x", [value] * n, at_most=0) for value, n in ((0, 5), (1, 5), (0, 1)))

    def found(**cases):
        finding = conclude_by_case(claim, {name: [one] for name, one in cases.items()}, [], {}, **told)
        return finding.verdict, finding.caveat

    assert found(a=good, b=good) == (Verdict.HOLDS, "")
    assert found(a=good, b=bad) == (Verdict.CAVEAT, "it does not hold for b")
    assert found(a=bad, b=open_) == (Verdict.UNDECIDED, "it does not hold for a; it is undecided for b")
    assert found(a=bad, b=bad) == (Verdict.FAILS, "it does not hold for a and b")
    assert found() == (Verdict.UNDECIDED, "")


def test_a_minority_that_misses_is_a_caveat():
    number = over_seeds("size", [0] * 9 + [1], at_most=0)
    assert minorities([number, over_seeds("free", [1])]) == "1 of 10 nets misses “size”"


def test_measurements_become_one_list_per_field():
    one, two = (Number("x", value, 0, 2) for value in (1.0, 2.0))
    assert columns([one, two])["value"] == [1.0, 2.0]
    assert columns([[one], [two]])["value"] == [[1.0], [2.0]]
    assert columns([]) == {}


def test_one_rule_makes_verdicts():
    good, bad, free = (Number("x", 1, 1, 1, met=met) for met in (True, False, None))
    assert verdict([good, free]) == Verdict.HOLDS
    assert verdict([good, free], "but") == Verdict.CAVEAT
    assert verdict([good, bad], "but") == Verdict.FAILS
    unknown = over_seeds("x", [1], at_most=1)
    assert verdict([good, unknown], "but") == Verdict.UNDECIDED
    assert verdict([bad, unknown]) == Verdict.FAILS


def test_a_finding_goes_to_json_and_back():
    series = {"a": np.arange(3), 1: (np.float64(1 / 3), math.inf), "nested": {"flag": np.True_}}
    found = Finding(Verdict.CAVEAT, "so", [over_seeds("x", [1, math.nan])], "but", "So.", series).to_dict()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert (found["verdict"], found["plain"]) == ("holds with a caveat", "So.")
    assert found["numbers"][0]["high"] is None
    assert found["series"] == {"a": [0, 1, 2], "1": [0.333333, None], "nested": {"flag": True}}
    assert to_json(1 / 3) == 1 / 3


class Buggy:
    CLAIM = Claim(1, "buggy", "t", "s", "q", "h", Exercise("p", "r", "e", "a"))

    def measure(self, seeds):
        raise ZeroDivisionError("a bug")


def test_a_bug_in_one_claim_leaves_the_others(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    real = lecture.get
    monkeypatch.setattr(lecture, "get", lambda slug: Buggy() if slug == "bounded_forward" else real(slug))
    code = main(["lecture", "--claim", "bounded_forward", "--claim", QUICK, "--seeds", "0:5", "--cores", "1"])
    out, err = capsys.readouterr()
    assert code == 1
    assert "not measured" in out
    assert "ZeroDivisionError: a bug" in err
    assert "The backward pass is linear (linear_backward): holds" in out


def claims_in(folder):
    return [entry["claim"]["slug"] for entry in json.loads((folder / "lecture.json").read_text("utf-8"))["claims"]]


def test_an_interrupted_call_keeps_what_is_measured_and_names_the_rest(tmp_path, monkeypatch, capsys):
    real = running.measured

    def interrupted(slugs, seeds, cores):
        yield from real(slugs[1:2], seeds, cores)
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "measured", interrupted)
    words = ["lecture", "--seeds", "0:5", "--cores", "1", "--out", str(tmp_path), "--claim"]
    assert main([*words, "2,1,3"]) == 130
    said = capsys.readouterr().err.splitlines()[-1]
    assert said == (
        f"longlag: interrupted by SIGINT; 1 of 3 claims are kept in {tmp_path / 'lecture.json'}; "
        "--claim bounded_forward,frozen_slopes measures the others"
    )
    assert claims_in(tmp_path) == [QUICK]
    monkeypatch.setattr(running, "measured", real)
    assert main([*words, "3"]) == 0
    assert claims_in(tmp_path) == [QUICK, "frozen_slopes"]
    assert (tmp_path / f"figures/{QUICK}.png").is_file(), "the later call draws what the interrupted one kept"


@pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGKILL"])
def test_the_processes_that_measure_end_with_an_interrupted_call(name, tmp_path):
    """They hold the pipe of its standard error: `communicate` returns when all of them are gone."""
    words = ["lecture", "--claim", f"{QUICK},vanish_explode", "--cores", "2", "--out", str(tmp_path)]
    command = [sys.executable, "-P", "-m", "longlag", *words, "--seeds", "0:50"]  # the second claim takes minutes
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as call:
        assert call.stderr.readline().startswith(f"[1/2] {QUICK}: ")
        call.send_signal(signal.Signals[name])
        said = call.communicate(timeout=60)[1]
    assert "Traceback" not in said
    if name != "SIGKILL":
        assert call.returncode == 128 + signal.Signals[name]
        assert said == (
            f"longlag: interrupted by {name}; 1 of 2 claims are kept in {tmp_path / 'lecture.json'}; "
            "--claim vanish_explode measures the others\n"
        )


def test_a_resumed_call_measures_what_the_folder_lacks(tmp_path, monkeypatch, capsys):
    real, asked = running.measured, []

    def noted(slugs, seeds, cores):
        asked.append([*slugs])
        return real(slugs, seeds, cores)

    monkeypatch.setattr(running, "measured", noted)
    words = ["lecture", "--seeds", "0:5", "--cores", "1", "--out", str(tmp_path), "--resume", "--claim"]
    get, buggy = lecture.get, Buggy()
    monkeypatch.setattr(buggy, "CLAIM", get("frozen_slopes").CLAIM, raising=False)
    monkeypatch.setattr(lecture, "get", lambda slug: buggy if slug == "frozen_slopes" else get(slug))
    assert main([*words, "2,3"]) == 1
    monkeypatch.setattr(lecture, "get", get)
    assert main([*words, "2,3"]) == 0
    assert asked == [[QUICK, "frozen_slopes"], ["frozen_slopes"]], "one that could not be measured is lacking"
    said = capsys.readouterr().out
    assert f"({QUICK}): holds" in said
    assert "(frozen_slopes): holds" in said
    assert main([*words, "2,3"]) == 0
    assert asked[-1] == []
    assert main(["lecture", "--claim", "2", "--json", "--resume"]) == 2
    assert "--resume has no effect alone; add --out DIR" in capsys.readouterr().err


@pytest.mark.parametrize("part", ["digest", "all"])
def test_what_other_code_measured_is_measured_again_and_said(tmp_path, monkeypatch, capsys, part):
    words = ["lecture", "--seeds", "0:5", "--cores", "1", "--out", str(tmp_path), "--resume", "--claim"]
    here = running.code()
    monkeypatch.setattr(running, "code", lambda: here | {part: "other"})
    assert main([*words, "2,3"]) == 0
    path = tmp_path / "lecture.json"
    if part == "all":  # an earlier version wrote none of it
        document = json.loads(path.read_text())
        document["claims"] = [{key: entry[key] for key in entry if key != "code"} for entry in document["claims"]]
        path.write_text(json.dumps(document | {"check": files.checksum([json.dumps(document["claims"])])}))
    monkeypatch.setattr(running, "code", lambda: here)
    capsys.readouterr()
    assert main([*words, "2"]) == 0
    said = capsys.readouterr().err
    assert f"longlag: measured again, since other code measured them: {QUICK}\n" in said
    assert "longlag: kept as other code measured them: frozen_slopes\n" in said
    found = {entry["claim"]["slug"]: entry.get("code") for entry in json.loads(path.read_text())["claims"]}
    assert found[QUICK] == here
    assert found["frozen_slopes"] != here
    assert main([*words, "2"]) == 0
    assert "measured again" not in capsys.readouterr().err


def test_any_file_that_can_decide_a_number_is_in_the_code_of_a_claim(tmp_path, monkeypatch):
    monkeypatch.setattr(running.environment, "__file__", str(tmp_path / "environment.py"))
    seen = set()
    for name, text in (("a.py", "1"), ("a.py", "2"), ("claims.toml", "1"), ("data.csv", "1"), ("page.css", "1")):
        (tmp_path / name).write_text(text)
        running.code.cache_clear()
        seen.add(running.code()["digest"])
    running.code.cache_clear()
    assert len(seen) == 4, "a style sheet draws no number"


def killed(slug, seeds):
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_process_is_a_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(running, "entry", killed)
    assert main(["lecture", "--claim", "2,3", "--seeds", "0", "--cores", "2", "--out", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "longlag: a process that measured a claim was killed; if the memory was short, --cores 1 needs" in said
    assert "--claim linear_backward,frozen_slopes measures the others" in said


def test_the_command_writes_json_and_figures(tmp_path, capsys):
    assert main(["lecture", "--claim", "2", "--seeds", "0:5", "--out", str(tmp_path), "--json"]) == 0
    out, err = capsys.readouterr()
    written = json.loads((tmp_path / "lecture.json").read_text())
    assert json.loads(out) == written
    assert "[1/1] linear_backward: holds" in err
    (entry,) = written["claims"]
    assert written["seeds"] == [0, 1, 2, 3, 4]
    assert entry["claim"]["slug"] == QUICK
    assert "n = 5 seeds" in entry["caption"]
    assert entry["figures"] == [f"figures/{QUICK}.pdf", f"figures/{QUICK}.png"]
    assert all((tmp_path / name).stat().st_size > 1000 for name in entry["figures"])


def test_figures_are_drawn_and_slides_written_without_being_asked_where(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["lecture", "--claim", "2", "--claim", "3", "--seeds", "0:5", "--slides", "--cores", "1"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "figures: lecture/figures; slides: lecture/slides.html"
    assert sorted(path.name for path in Path("lecture/figures").glob("*.png")) == ["frozen_slopes.png", f"{QUICK}.png"]
    page = Path("lecture/slides.html").read_text("utf-8")
    assert [page.count(f'id="claim-{number}"') for number in (1, 2, 3)] == [0, 1, 1]
    assert page.count('<img src="data:image/svg+xml,') == 2
    assert (
        "Measured with 5 seeds: it <b>holds</b>. Twice the error at the outputs makes every error derivative exactly twice"
        in page
    )
    claim = lecture.get(QUICK).CLAIM
    assert all(html.escape(words) in page for words in (claim.sentence, claim.exercise.predict, claim.exercise.explain))
    assert "<code>longlag lecture --claim linear_backward</code>" in page
    assert not re.search(r'(src|srcset|href)="(?!data:|#)', page), "nothing is fetched"
    assert page.count("<script") == 1
    assert re.search(r"default-src &#39;none&#39;.*script-src &#39;sha256-[^;]+&#39;;", page), (
        "and no other script runs"
    )


def test_claims_measured_before_stay_beside_those_of_a_later_call(tmp_path, capsys):
    def call(*words):
        assert main(["lecture", *words, "--cores", "1", "--out", str(tmp_path), "--slides"]) == 0
        page = (tmp_path / "slides.html").read_text("utf-8")
        held = [
            entry["claim"]["number"] for entry in json.loads((tmp_path / "lecture.json").read_text("utf-8"))["claims"]
        ]
        assert held == [number for number in (1, 2, 3) if f'id="claim-{number}"' in page]
        return held, capsys.readouterr()

    assert call("--claim", "3", "--seeds", "0:5")[0] == [3]
    held, said = call("--claim", "2", "--seeds", "0:5")
    assert held == [2, 3]
    assert "frozen_slopes" not in said.out, "the table is of this call"
    fewer = ["lecture", "--claim", "2,3", "--seeds", "0:3", "--cores", "1", "--out", str(tmp_path)]
    assert main(fewer) == 2
    assert (
        "these claims (2 and 3) measured with 5 seeds, and this call would put 3 in their place"
        in capsys.readouterr().err
    )
    assert main(["lecture", "--claim", "2", "--seeds", "5:10", "--cores", "1", "--out", str(tmp_path)]) == 2
    said = capsys.readouterr()
    assert "holds claims of other seeds or of another version (3), which this call does not measure" in said.err
    assert "--out DIR, or add --replace" in said.err
    held, said = call("--claim", "2", "--seeds", "5:10", "--replace")
    assert held == [2]


def measured_beside(monkeypatch, folder, *other):
    """From now on a call that measures makes, before its first claim is done, another call into the same folder."""
    real = running.measured

    def both(slugs, seeds, cores):
        monkeypatch.setattr(running, "measured", real)
        assert main(["lecture", *other, "--cores", "1", "--out", str(folder)]) == 0
        yield from real(slugs, seeds, cores)

    monkeypatch.setattr(running, "measured", both)


def test_two_calls_at_a_time_keep_the_claims_of_both(tmp_path, monkeypatch):
    measured_beside(monkeypatch, tmp_path, "--claim", "2", "--seeds", "0:5")
    assert main(["lecture", "--claim", "3", "--seeds", "0:5", "--cores", "1", "--out", str(tmp_path)]) == 0
    assert claims_in(tmp_path) == [QUICK, "frozen_slopes"]
    drawn = json.loads((tmp_path / "lecture.json").read_text("utf-8"))["claims"]
    assert all(entry["figures"] for entry in drawn)
    assert not list(tmp_path.glob(".*")), "no lock is left"


def test_two_calls_at_a_time_of_other_seeds_delete_no_claim(tmp_path, monkeypatch, capsys):
    measured_beside(monkeypatch, tmp_path, "--claim", "2", "--seeds", "0:5")
    assert main(["lecture", "--claim", "3", "--seeds", "5:10", "--cores", "1", "--out", str(tmp_path)]) == 2
    assert claims_in(tmp_path) == [QUICK]
    said = capsys.readouterr().err
    assert "holds claims of other seeds or of another version (2), which this call does not measure" in said
    assert f"0 of 1 claims are kept in {tmp_path / 'lecture.json'}; --claim frozen_slopes measures the others" in said


def test_a_damaged_record_is_not_replaced_without_being_asked(tmp_path, capsys):
    (tmp_path / "lecture.json").write_text("{}")
    words = ["lecture", "--claim", "2", "--seeds", "0:5", "--cores", "1", "--out", str(tmp_path)]
    assert main(words) == 2
    said = capsys.readouterr().err
    assert f"{tmp_path / 'lecture.json'} is damaged or of another version" in said
    assert "--out DIR, or add --replace" in said
    assert (tmp_path / "lecture.json").read_text() == "{}"
    assert main([*words, "--replace"]) == 0
    assert claims_in(tmp_path) == [QUICK]


def test_a_slide_says_its_verdict_once():
    entry = running.entry(QUICK, (0,))
    assert entry["finding"]["plain"].startswith("Undecided: doubling the inputs")
    page = slides.render([entry])
    assert "Measured: it <b>is undecided</b>. Doubling the inputs does not double what they do to the states" in page
    assert "Undecided:" not in page


def test_the_terminal_shows_a_sentence_and_folds_the_numbers(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    asked = ["lecture", "--claim", "2", "--seeds", "0:5", "--cores", "1"]
    assert main(asked) == main([*asked, "--numbers"]) == 0
    lines = capsys.readouterr().out.splitlines()
    short, long = lines[:3], lines[3:]
    assert long[: len(short) - 1] == short[:-1]
    assert short[1].startswith(
        "      Twice the error at the outputs makes every error derivative exactly twice as large"
    )
    assert short[2] == long[-1] == "figures: lecture/figures"
    assert sum(line.startswith("      - ") for line in long) == 6


def test_json_alone_writes_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["lecture", "--claim", "2", "--seeds", "0", "--json", "--cores", "1"]) == 0
    assert json.loads(capsys.readouterr().out)["seeds"] == [0]
    assert not list(tmp_path.iterdir())


def test_claims_side_by_side_give_the_same_numbers_in_the_order_of_the_lecture():
    slugs = ["bounded_forward", QUICK]
    alone, beside = (dict(running.measured(slugs, (0,), cores)) for cores in (1, 2))
    assert {slug: alone[slug]["finding"] for slug in slugs} == {slug: beside[slug]["finding"] for slug in slugs}
    assert lecture.select([QUICK, "1"]) == slugs


@pytest.mark.parametrize(
    ("name", "hint"), [("vanish_explod", "did you mean 'vanish_explode'?"), ("99", "unknown claim '99'")]
)
def test_an_unknown_claim_is_suggested_before_anything_is_measured(tmp_path, capsys, name, hint):
    assert main(["lecture", "--claim", name, "--out", str(tmp_path / "out")]) == 2
    assert hint in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_place_that_cannot_be_written_is_refused_before_anything_is_measured(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert main(["lecture", "--claim", QUICK, "--out", str(tmp_path / "file")]) == 2
    assert "is not a folder you may write to" in capsys.readouterr().err


def test_claims_are_chosen_by_name_or_number_also_several_at_once():
    assert lecture.select(["3,1"]) == lecture.select(["frozen_slopes", "1"]) == ["bounded_forward", "frozen_slopes"]


def test_get_refuses_what_is_no_claim_and_no_drawing():
    with pytest.raises(LonglagError, match="unknown claim 'base'"):
        lecture.get("base")
    with pytest.raises(LonglagError, match="unknown figure of a claim 'base'"):
        drawings.get("base")


def test_the_lecture_map_is_generated(capsys):
    assert main(["lecture", "--markdown"]) == 0
    table = capsys.readouterr().out
    document = (ROOT / "docs/lecture.md").read_text()
    between = re.search(r"<!-- longlag lecture --markdown -->\n(.*?)<!-- end -->", document, flags=re.S)
    assert between is not None
    unfilled = re.sub(r"(<!-- pictures.py: (\w+) -->\n).*?(<!-- end of \2 -->)", r"\1\3", between[1], flags=re.S)
    assert unfilled == table, "put the output of `longlag lecture --markdown` between the marks of docs/lecture.md"
    assert all(f"longlag lecture --claim {slug} " in table for slug in lecture.names())


@pytest.mark.parametrize(
    ("slug", "counts", "numbers", "text"),
    [
        ("modified_dynamics", {"unsolved": 1, "designed": False}, {"n": 2, "wrong": 0.0, "who": "seed 1 at lag 15"},
         "1 of 2 trained nets (seed 1 at lag 15) did not solve the task in time"),
        ("hf_directions", {"blind": 1, "gone": True}, {"n": 3, "without": 0.00012},
         "on 1 of 3 nets the gradient is as small in steep directions as in flat ones; from the control's start, where the "
         "gradient across the lag has vanished, a step of HF gains 0.0001 nats: it finds what is small, not what is gone"),
        ("hf_directions", {"blind": 0}, {"n": 5}, ""),
    ],
)  # fmt: skip
def test_caveats_are_the_texts_whose_count_is_not_zero(slug, counts, numbers, text):
    assert caveats(slug, counts, **numbers) == text
