"""The page: self-contained, escaped, small, and honest about what is missing."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import math
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

import fake_results
from cases import CASES, analysis, papers_judged_once  # noqa: F401 - a fixture
from longlag import figures, report, tables
from longlag.analysis import Analysis, comparison, stats
from longlag.analysis import reach as carries
from longlag.cli import main
from longlag.errors import LonglagError, documentation
from longlag.figures.tools import style
from longlag.report import answer, claims, explorer, headline, images, svg
from longlag.store.files import checksum
from longlag.store.records import Point, Row, read_rows, write_rows
from pages import Page, png, policy, without_figures


@pytest.fixture
def unpainted(monkeypatch: pytest.MonkeyPatch) -> None:
    without_figures(monkeypatch)


@pytest.mark.usefixtures("unpainted")
def test_a_figure_that_is_higher_than_wide_is_not_squeezed_into_the_first_screen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert "card tall" not in report.render(CASES["whole"](), title="A suite")
    monkeypatch.setattr(figures.get("overview"), "draw", lambda *data, **width: Figure(figsize=(6, 9)))
    page = report.render(CASES["whole"](), title="A suite")
    (tall,) = re.findall(r'class="card tall">.*?data-name="(\w+)"', page)
    assert tall == "overview"


@pytest.fixture(scope="module")
def whole() -> str:
    return report.render(CASES["whole"](), title="A suite")


def test_nothing_is_fetched_and_only_the_page_s_own_scripts_run(whole: str) -> None:
    page = Page(whole)
    assert page.open == []
    assert "link" not in page.tags
    documents = documentation("docs/")  # which notes name: a reader may follow the link, and no page fetches it
    assert all(address.startswith(("#", "data:image/svg+xml,", documents)) for address in page.addresses)
    style_sheet = re.search(r"<style>(.*?)</style>", whole, flags=re.S)[1]  # type: ignore[index]
    assert "@import" not in style_sheet
    assert "url(" not in style_sheet
    assert len(whole.encode()) < 5_000_000
    assert "default-src 'none'" in policy(whole)
    scripts = re.findall(r"<script>(.*?)</script>", whole, flags=re.S)
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    assert re.findall(r"'sha256-([^']+)'", policy(whole)) == digests
    assert len(scripts) == 3
    assert page.tags.count("script") == 4  # with the island of numbers, which is no program


def island(page: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(re.search(r'id="explorer-data">(.*?)</script>', page, flags=re.S)[1])  # type: ignore[index]
    return found


def test_a_page_computes_each_result_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: Counter[str] = Counter()

    def counted(module: ModuleType, name: str) -> None:
        function = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *data: calls.update([name]) or function(*data))

    once = ["success", "survival", "failures", "near_misses", "gradient_flow"]
    per_axis = ["solve_times", "cost"]
    for name in [*once, *per_axis]:
        counted(stats, name)
    counted(comparison, "compare")
    counted(carries, "reach")
    monkeypatch.setattr(images, "of_figure", lambda figure: "")  # drawn, but not painted
    report.render(CASES["whole"](), title="t")
    assert calls == dict.fromkeys([*once, "compare", "reach"], 1) | dict.fromkeys(per_axis, len(stats.AXES))


def test_the_island_holds_what_the_statistics_say() -> None:
    suite = CASES["whole"]()
    found = explorer.island(suite)
    methods = [method_style["name"] for method_style in found["methods"]]
    cells = {(task["name"], methods[cell[0]], cell[1]): cell for task in found["tasks"] for cell in task["cells"]}
    for axis in stats.AXES:
        for cell in suite.costs[axis].to_dict("records"):
            told = cells[cell["task"], cell["method"], cell["lag"]]
            assert told[3:6] == [cell["n"], cell["attempted"], cell["solved"]]
            median = told[9][axis][0]
            assert (median is None) == (not math.isfinite(cell["median"]))
            assert median is None or median == pytest.approx(cell["median"], rel=1e-4)
    dots = [seed for task in found["tasks"] for seed in task["seeds"]]
    assert len(dots) == suite.runs.solved.sum()
    assert all(cost > 0 for dot in dots for cost in dot[3:])
    lines = [curve for task in found["tasks"] for curve in task["curves"]]
    assert len(lines) == len(suite.curves.groupby(["task", "method", "lag", "seed"]))


def test_of_too_many_runs_the_island_holds_the_first_seeds_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    suite = analysis(fake_results.runs(seeds=range(4), tasks=["adding"]))
    attempted = int((suite.runs.status != "not_attempted").sum())
    monkeypatch.setattr(explorer, "MOST_DOTS", attempted // 2)
    monkeypatch.setattr(explorer, "MOST_EVALUATIONS", 5)
    found = explorer.island(suite)
    assert found["seeds"] == 4
    assert 1 <= found["seeds_shown"][0] < 4
    assert {dot[2] for dot in found["tasks"][0]["seeds"]} <= set(range(found["seeds_shown"][0]))
    assert max(len(curve[4]) for curve in found["tasks"][0]["curves"]) == 5
    assert {curve[2] for curve in found["tasks"][0]["curves"]} == set(range(4))
    assert "unknown" not in {curve[3] for curve in found["tasks"][0]["curves"]}


def test_every_figure_is_there_with_caption_and_words_for_those_who_do_not_see_it(whole: str) -> None:
    page = Page(whole)
    assert len(page.images) == len(figures.names()) - 1  # no gradient flow was recorded
    assert all(len(image["alt"] or "") > 40 for image in page.images)
    assert page.tags.count("figcaption") == len(figures.names()) - 1 + 3  # and of the interactive charts


def test_every_link_within_the_page_has_a_target(whole: str) -> None:
    targets = set(re.findall(r'id="([^"]+)"', whole))
    assert {address[1:] for address in Page(whole).addresses if address.startswith("#")} <= targets


def test_the_page_says_what_is_missing(whole: str, unpainted: None) -> None:
    assert "<b>temporal order</b>: not run: Hessian-Free." in whole
    assert "Learning curves: none were given." in report.render(CASES["no curves"](), title="t")


def test_gradient_flow_has_a_section_where_it_was_recorded(whole: str, unpainted: None) -> None:
    rows = fake_results.runs([0], ["control"], ["adding"])
    watched = [replace(point, gradient_0=1.0, gradient_10=0.5) for point in fake_results.points(rows)]
    suite = Analysis(stats.frame(Row, rows), stats.frame(Point, watched))
    page = report.render(suite, title="t")
    for text, recorded in ((page, True), (whole, False)):
        assert ('<section id="gradient_flow">' in text) == ('href="#gradient_flow"' in text) == recorded
        assert ("Gradient flow during training: not recorded" in text) != recorded


@pytest.mark.parametrize("case", ["no runs", "all dead", "nothing solved", "one method and task"])
def test_partial_results_give_a_page(case: str, unpainted: None) -> None:
    page = report.render(CASES[case](), title="t")
    assert Page(page).open == []
    assert ("There are no runs yet" in page) == (case == "no runs")


def test_hostile_text_is_shown_as_text(unpainted: None) -> None:
    evil = '"><script>alert(1)</script><img src=http://example.org/x onerror=alert(1)>'
    rows = [
        replace(row, task=f"task {evil}", method=f"method {evil}", reason=evil, cpu=evil, commit=evil)
        for row in fake_results.runs([0], ["control"], ["adding"])
    ]
    text = report.render(analysis(rows), title=evil)
    page = Page(text)
    assert page.tags.count("script") == 4
    assert "alert(1)</script>" not in text
    assert all(address.startswith(("#", "data:", documentation("docs/"))) for address in page.addresses)
    assert island(text)["tasks"][0]["name"] == f"task {evil}"


def test_without_the_plotting_library_there_is_a_page_that_says_so(
    monkeypatch: pytest.MonkeyPatch, unpainted: None
) -> None:
    monkeypatch.setattr(explorer, "available", lambda: False)
    text = report.render(CASES["one seed"](), title="t")
    assert Page(text).tags.count("script") == 1  # saves figures
    assert policy(text).count("sha256-") == 1
    assert "vl-convert-python is not installed" in text
    assert len(Page(text).images) == len(figures.names()) - 1  # no gradient flow was recorded


def test_the_same_results_give_the_same_page(unpainted: None) -> None:
    first, second = (report.render(CASES["whole"](), title="A suite") for _ in range(2))
    assert first == second


def reach(**methods: tuple[int, int]) -> Analysis:
    """One seed, in which each method solves up to a lag, of a grid that ends at another."""
    rows = []
    for name, (solved, largest) in methods.items():
        for lag in (lag for lag in (20, 50, 100) if lag <= largest):
            (row,) = fake_results.runs([0], ["esn"], ["adding"], [lag])
            rows.append(replace(row, method=name, solved=lag <= solved))
    return analysis(rows, curves=False)


def test_the_answer_in_sentences() -> None:
    (first,) = answer.sentences(reach(a=(100, 100), b=(100, 100), c=(50, 100)))
    assert (
        first.text
        == "a and b share the longest reach, ≥ 100 steps (minimal lag 50); next c with 50 steps (minimal lag 25)."
    )
    (capped,) = answer.sentences(reach(a=(100, 100), b=(50, 50)))
    assert "next b with ≥ 50 steps (minimal lag 25), not tried beyond." in capped.text
    task, nowhere = answer.sentences(reach(a=(20, 100), b=(0, 100)))
    assert task.text.endswith("no other method solves it.")
    assert nowhere.about == "b"


def test_three_sentences_say_who_is_furthest_who_is_cheapest_and_how_sure_it_is() -> None:
    furthest, cheapest, uncertain = headline.sentences(reach(a=(100, 100), b=(50, 100)))
    assert furthest == (
        "A has the longest reach on the one task on which methods were compared: ≥ 100 steps on adding; "
        "next comes b with 50 steps on adding."
    )
    assert cheapest.startswith("Of the 2 pairs of task and lag that two methods or more solve, the cheapest is ")
    assert uncertain.startswith("Of 6 runs 1 did not solve")
    assert uncertain.endswith(
        "at the task and lag with the fewest seeds, 1 against 1, no comparison of two methods can reach p < 1."
    )


def test_headlines_of_costs_follow_the_axis() -> None:
    runs = reach(a=(100, 100), b=(100, 100)).runs
    price = runs.method.map({"a": 1.0, "b": 3.0})
    runs = runs.assign(solved=True, passes=100 * price, passes_to_solve=100 * price, flops=9 / price, seconds=price)
    assert headline.sentences(Analysis(runs, runs.iloc[:0]))[1].endswith(
        "the cheapest is a in all 3 by sequence passes; b in all 3 by floating-point operations."
    )


def test_headlines_where_nothing_can_be_compared() -> None:
    assert headline.sentences(CASES["no runs"]()) == []
    furthest, cheapest, _ = headline.sentences(CASES["nothing solved"]())
    assert furthest.startswith("No two methods were run on one task")
    assert cheapest.startswith("No two methods solve one task at one lag")
    assert headline.sentences(reach(a=(0, 100), b=(0, 50)))[0] == "No method solves any lag that was tried (2 methods)."


def claim(number: int, finding: dict[str, Any] | None, **more: Any) -> dict[str, Any]:
    words = {"number": number, "slug": f"slug_{number}", "title": f"Title {number}", "sentence": "A claim."}
    return {"claim": words, "finding": finding, **more}


def test_the_lecture_is_a_list_of_verdicts_with_thumbnails(tmp_path: Path, unpainted: None) -> None:
    asked = {"name": "rate", "value": 0.5, "low": 0.4, "high": None, "unit": "1", "threshold": "≤ 1", "met": True,
             "meeting": 9, "nets": 10, "share": [0.596, 0.982]}  # fmt: skip
    found = {"verdict": "holds with a caveat", "plain": "<b>It does.</b>", "summary": "At length.",
             "caveat": "Not quite.", "numbers": [asked]}  # fmt: skip
    entries = [claim(2, None, error="it broke"), claim(1, found, caption="What to see.")]
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "slug_1.png").write_bytes(png((9, 99, 199), (1400, 700)))
    whole = json.dumps({"claims": entries, "check": checksum([json.dumps(entries)])})
    (tmp_path / "lecture.json").write_text(whole)
    first, second = claims.read(tmp_path)
    assert (first.number, first.verdict, first.numbers) == (
        1,
        "holds with a caveat",
        ["rate: 0.5 1 [0.4, –]; asked: ≤ 1, met (9 of 10 nets; 60%–98% of all)"],
    )
    with Image.open(io.BytesIO(base64.b64decode(first.thumbnail.partition(",")[2]))) as thumbnail:
        assert thumbnail.size == (480, 240)
    assert (second.verdict, second.plain, second.thumbnail) == ("not measured", "it broke", "")
    page = report.render(CASES["one seed"](), title="t", lecture=tmp_path)
    assert Page(page).open == []
    assert "&lt;b&gt;It does.&lt;/b&gt;" in page
    folded = re.search(r"<details><summary>Numbers of claim 1</summary>(.*?)</details>", page, flags=re.S)
    assert folded is not None
    assert all(words in folded[1] for words in ("At length.", "Not quite.", "rate: 0.5"))
    assert "It does." not in folded[1], "the sentence is read without unfolding anything"
    assert 'alt="Figure of claim 1. What to see."' in page


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"claims": [], "check": "0"}',
        "[" * 100_000,
        '{"claims": [{}]}',
        '{"claims": [{"claim": 1, "finding": 2}]}',
    ],
)
def test_a_file_that_is_no_lecture_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "lecture.json").write_text(text)
    with pytest.raises(LonglagError, match="not a file that `longlag lecture` wrote"):
        claims.read(tmp_path)
    with pytest.raises(LonglagError, match="cannot read"):
        claims.read(tmp_path / "nowhere")


@pytest.mark.parametrize("place", [8, 60, -20])
def test_a_damaged_picture_is_an_error_with_its_name(tmp_path: Path, place: int) -> None:
    data = bytearray(png((9, 99, 199), (140, 70)))
    (tmp_path / "a.png").write_bytes(data)
    assert images.of_file(tmp_path / "a.png") == images.address(bytes(data))
    data[place] ^= 4
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(LonglagError, match=r"a\.png is not a whole image"):
        images.of_file(tmp_path / "a.png")


def test_tasks_with_one_answer_share_a_sentence() -> None:
    found = answer.sentences(CASES["many tasks"]())
    (alone,) = [sentence for sentence in found if "alone" in sentence.text]
    assert alone.about == "task 1, task 2, task 3, task 4 and task 5"
    assert alone.text == "echo state network alone was run; its reach is ≥ 20 steps (minimal lag 11 to 15) on each."


def test_what_is_missing_is_said_in_few_words() -> None:
    runs = CASES["many tasks"]().runs
    assert dict(answer.gaps(runs)) == {
        "5-bit memory": "not run: LSTM",
        "temporal order": "not run: Hessian-Free",
        "task 1, task 2, task 3, task 4 and task 5": "run: only echo state network",
    }
    fewer = runs[(runs.method != "hf") | (runs.seed == 0)]
    assert ("Hessian-Free", "1 of 2 seeds at some lags of adding and 5-bit memory") in answer.gaps(fewer)


def test_the_verb_writes_the_page_with_its_rows_inside(tmp_path: Path, unpainted: None) -> None:
    fake_results.write(tmp_path, seeds=[0], methods=["esn"], tasks=["adding"])
    files = [str(tmp_path / "runs.csv"), "--curves", str(tmp_path / "curves.parquet")]
    out = tmp_path / "deep" / "report.html"
    for folder in ("figures", "tables"):
        (tmp_path / folder).mkdir(exist_ok=True)
    given = ["--figures", str(tmp_path / "figures"), "--tables", str(tmp_path / "tables")]
    assert main(["report", *files, *given, "--title", "T & T", "--out", str(out)]) == 0
    page = out.read_text()
    assert "T &amp; T</h1>" in page
    assert "<code>figures/</code> and <code>tables/</code> beside the runs" in page
    packed = re.search(r'id="rows-gzip">([^<]*)<', page)
    assert packed
    assert gzip.decompress(base64.b64decode(packed[1])) == (tmp_path / "runs.csv").read_bytes()


def test_more_rows_than_a_page_should_hold_are_left_out() -> None:
    noise = np.random.default_rng(0).bytes(report.MOST_ROWS)
    assert report.packed(noise) == report.packed(b"") == ""
    assert report.packed(b"row after row" * 10 * report.MOST_ROWS) == "", "are not even compressed"
    assert report.packed(noise[:1000])


def test_the_first_screen_has_one_plain_sentence() -> None:
    assert headline.line(reach(a=(100, 100), b=(50, 100))) == "A has the longest reach on adding."
    assert headline.line(CASES["no runs"]()) == ""
    assert headline.line(CASES["nothing solved"]()).startswith("No two methods were run on one task")
    assert re.fullmatch(r"[A-Z][^.]* on (all 3|[12] of 3) tasks[^.]*\.", headline.line(CASES["whole"]()))


def test_a_tie_names_no_winner() -> None:
    tied = reach(a=(100, 100), b=(100, 100), c=(50, 100))
    assert headline.line(tied) == "A and b tie: each has or shares the longest reach on adding."
    first = headline.sentences(tied)[0]
    assert first.startswith(
        "A and b tie: each has or shares the longest reach on the one task on which methods were compared: a ≥ 100"
    )
    assert first.endswith("b ≥ 100 steps on adding; next comes c with 50 steps on adding.")
    alone = reach(a=(100, 100), b=(100, 100))
    assert headline.sentences(alone)[0].endswith("b ≥ 100 steps on adding.")
    runs = pd.concat([
        reach(a=(100, 100), b=(50, 100)).runs,
        reach(a=(100, 100), b=(100, 100)).runs.assign(task="xor"),
        reach(a=(50, 100), b=(50, 100)).runs.assign(task="temporal_order"),
    ])  # fmt: skip
    one = Analysis(runs, runs.iloc[:0])
    assert headline.line(one) == "A has the longest reach on 1 of 3 tasks and shares it on 2."
    both = Analysis(runs[runs.task != "adding"], runs.iloc[:0])
    assert headline.line(both) == "A and b tie: each has or shares the longest reach on all 2 tasks."
    third = pd.concat([both.runs, reach(a=(100, 100), c=(100, 100)).runs.assign(task="multiplication")])
    found = headline.line(Analysis(third, runs.iloc[:0]))
    assert found == "A shares the longest reach on all 3 tasks."


def test_the_headline_ranks_by_the_lags_that_all_were_tried_at() -> None:
    longer = reach(a=(100, 100), b=(50, 50))
    tie = "At the lags that all methods were tried at, a and b tie: each has or shares the longest reach on adding."
    assert headline.line(longer) == tie, "b was never tried at 100"
    assert headline.sentences(longer)[0].startswith(
        "With the longer ladders that only some of them had, a has the longest reach on the one task"
    )
    runs = longer.runs
    unsolved = runs.assign(solved=False, passes_to_solve=math.nan)
    worse = pd.concat([runs[runs.method == "a"], unsolved[unsolved.method == "b"]])
    assert headline.line(Analysis(worse, runs.iloc[:0])) == (
        "At the lags that all methods were tried at, a has the longest reach on adding."
    )
    apart = pd.concat([
        runs,
        runs[(runs.method == "a") & (runs.lag == 100) | (runs.method == "b") & (runs.lag == 50)].assign(task="xor"),
    ])  # fmt: skip
    assert headline.line(Analysis(apart, runs.iloc[:0])) == tie.removesuffix(".") + "; on XOR they share no lag."
    other = pd.concat([runs.assign(task="xor"), apart[apart.task == "xor"].assign(task="adding")])
    assert headline.line(Analysis(other, runs.iloc[:0])) == (
        tie.replace("adding", "XOR").removesuffix(".") + "; on adding they share no lag."
    ), "the task that is named is the one that is ranked"
    nothing = runs[(runs.lag == 100) | (runs.method == "b") & (runs.lag == 50)]
    assert headline.line(Analysis(nothing, runs.iloc[:0])) == (
        "At the lags that all methods were tried at, none solves any; on adding they share no lag."
    )


def test_the_first_screen_says_who_is_given_more_than_the_others(unpainted: None) -> None:
    runs = reach(a=(100, 100), b=(50, 100)).runs
    both = Analysis(runs.assign(method=runs.method.replace("a", "esn")), stats.load_curves(None))
    (sentence,) = headline.given(both)
    assert "grows with the lag" in sentence
    page = report.render(both, title="A suite")
    assert sentence in page[: page.index("<figure")]
    assert headline.given(both.only(methods=["esn"])) == headline.given(reach(a=(100, 100), b=(50, 100))) == []


def test_a_page_says_which_recipes_have_changed_since(unpainted: None, tmp_path: Path) -> None:
    fake_results.write(tmp_path / "runs", seeds=range(2), tasks=["adding"])
    page = tmp_path / "report.html"
    for version, remark in ((1, True), (10**6, False)):
        rows = [replace(row, method_version=version) for row in read_rows(tmp_path / "runs/runs.csv")]
        write_rows(tmp_path / "runs/runs.csv", rows)
        assert main(["report", str(tmp_path / "runs"), "--out", str(page)]) == 0
        text = page.read_text()
        assert bool(re.search(r"An older record: \d+ of its \d+ rows are of recipes", text)) == remark
        assert ('<a href="#older">' in text[: text.index("<figure")]) == remark
        assert ("LSTM (version 1, now " in text) == remark


def test_a_tie_of_costs_counts_for_each() -> None:
    runs = reach(a=(100, 100), b=(100, 100)).runs
    runs = runs.assign(solved=True, passes=100.0, passes_to_solve=100.0, flops=9.0, seconds=1.0)
    assert (
        "the cheapest is a in 3 and b in 3, counting 3 pairs for each of the methods that tie there by"
        in headline.sentences(Analysis(runs, runs.iloc[:0]))[1]
    )


def test_a_small_drawing_is_the_same_drawing_in_fewer_letters() -> None:
    big = style.encode(figures.get("reach").draw(CASES["whole"]()), "svg").decode()
    less = svg.small(big)
    assert len(less) < 0.7 * len(big)
    one, other = (ElementTree.fromstring(text) for text in (big, less))
    for tag in ("path", "use", "clipPath"):
        name = f"{{http://www.w3.org/2000/svg}}{tag}"
        assert len([*one.iter(name)]) == len([*other.iter(name)]) > 0
    referred = {a or b for a, b in re.findall(r'href="#([^"]*)"|url\(#([^)]*)\)', less)}
    assert referred == set(re.findall(r' id="([^"]*)"', less))
    colours = set(re.findall(r"#[0-9a-f]{6}\b", big))
    assert colours == set(re.findall(r"#[0-9a-f]{6}\b", less))


def test_every_colour_stands_out_on_a_dark_page() -> None:
    found = explorer.island(CASES["thirteen methods"]())["methods"]
    assert all(explorer.contrast(to_rgb(method["night"]), explorer.DARK_PAPER) >= explorer.CONTRAST for method in found)
    assert explorer.contrast((0, 0, 0), (1, 1, 1)) == pytest.approx(21)
    assert any(method["night"] == method["colour"] for method in found)


def test_a_missing_runs_file_is_an_error_that_leaves_no_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(tmp_path / "none.csv"), "--out", str(tmp_path / "report.html")]) == 2
    assert "there is no" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_analysis_needs_no_torch() -> None:
    import subprocess
    import sys

    code = "import sys; import longlag.report, longlag.figures.overview, longlag.cli; longlag.cli.build_parser(); "
    done = subprocess.run([sys.executable, "-c", code + "sys.exit('torch' in sys.modules)"], check=False)
    assert done.returncode == 0
    assert stats.AXES


def test_columns_are_read_where_frames_have_methods_of_their_names(
    unpainted: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pandas 2 has methods that pandas 3 has not: there `frame.first` is a column here and a method with pandas 2."""
    for name in ("applymap", "backfill", "bool", "first", "last", "pad", "swapaxes"):
        if not hasattr(pd.DataFrame, name):
            monkeypatch.setattr(pd.DataFrame, name, lambda self: None, raising=False)
    data = CASES["whole"]()
    assert len(data.claims), "the page has pairs to test"
    assert "<h1" in report.render(data, title="A suite")
    for name in tables.names():
        assert len(tables.get(name).build(data).columns)
