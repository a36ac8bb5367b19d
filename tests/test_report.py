"""The page: self-contained, escaped, small, and honest about what is missing."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

import fake_results
from longlag import figures, report, stats
from longlag.cli import main
from longlag.figures import style
from longlag.report import answer
from test_figures import CASES, results

VOID = {"meta", "img", "br", "source"}


class Page(HTMLParser):
    """Collects what a browser would fetch or run, and whether all elements are closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.addresses: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "data", "action")]
        if tag == "img":
            self.images.append(dict(attrs))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture
def unpainted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are laid out, not painted: that is slow, and tested elsewhere."""
    monkeypatch.setattr(style, "encode", lambda figure, kind: b"\x89PNG")


@pytest.fixture(scope="module")
def whole() -> str:
    return report.render(*CASES["whole"](), title="A suite")


def test_nothing_is_fetched_and_nothing_runs(whole: str) -> None:
    page = Page(whole)
    assert page.open == []
    assert "script" not in page.tags
    assert "link" not in page.tags
    assert all(address.startswith(("#", "data:image/png;base64,")) for address in page.addresses)
    assert "@import" not in whole
    assert "url(" not in whole
    assert len(whole) < 5_000_000


def test_every_figure_is_there_with_caption_and_words_for_those_who_do_not_see_it(whole: str) -> None:
    page = Page(whole)
    assert len(page.images) == len(figures.names())
    assert all(len(image["alt"] or "") > 40 for image in page.images)
    assert page.tags.count("figcaption") == len(figures.names())


def test_every_link_within_the_page_has_a_target(whole: str) -> None:
    targets = set(re.findall(r'id="([^"]+)"', whole))
    assert {address[1:] for address in Page(whole).addresses if address.startswith("#")} <= targets


def test_the_page_says_what_is_missing(whole: str, unpainted: None) -> None:
    assert "<b>temporal_order</b>: not run: hf." in whole
    assert "Learning curves: none were given." in report.render(*CASES["no curves"](), title="t")


@pytest.mark.parametrize("case", ["no runs", "all dead", "nothing solved", "one method and task"])
def test_partial_results_give_a_page(case: str, unpainted: None) -> None:
    page = report.render(*CASES[case](), title="t")
    assert Page(page).open == []
    assert ("There are no runs yet" in page) == (case == "no runs")


def test_hostile_text_is_shown_as_text() -> None:
    evil = '"><script>alert(1)</script><img src=http://example.org/x onerror=alert(1)>'
    rows = [
        replace(row, task=f"task {evil}", method=f"method {evil}", reason=evil, cpu=evil, commit=evil)
        for row in fake_results.runs([0], ["control"], ["adding"])
    ]
    page = Page(report.render(*results(rows), title=evil))
    assert "script" not in page.tags
    assert all(address.startswith(("#", "data:")) for address in page.addresses)


def test_the_same_results_give_the_same_page(unpainted: None) -> None:
    first, second = (report.render(*CASES["whole"](), title="A suite") for _ in range(2))
    assert first == second


def reach(**methods: tuple[int, int]) -> pd.DataFrame:
    """Runs of one seed in which each method solves up to a lag, of a grid that ends at another."""
    rows = []
    for name, (solved, largest) in methods.items():
        for lag in (lag for lag in (20, 50, 100) if lag <= largest):
            (row,) = fake_results.runs([0], ["esn"], ["adding"], [lag])
            rows.append(replace(row, method=name, solved=lag <= solved))
    return results(rows, curves=False)[0]


def test_the_answer_in_sentences() -> None:
    (first,) = answer.sentences(reach(a=(100, 100), b=(100, 100), c=(50, 100)))
    assert (
        first.text == "a and b carry it furthest, ≥ 100 steps (minimal lag 50); next c with 50 steps (minimal lag 25)."
    )
    (capped,) = answer.sentences(reach(a=(100, 100), b=(50, 50)))
    assert "next b with ≥ 50 steps (minimal lag 25), not tried beyond." in capped.text
    task, nowhere = answer.sentences(reach(a=(20, 100), b=(0, 100)))
    assert task.text.endswith("no other method solves it.")
    assert nowhere.about == "b"


def test_tasks_with_one_answer_share_a_sentence() -> None:
    found = answer.sentences(results(fake_results.sparse(), curves=False)[0])
    (alone,) = [sentence for sentence in found if "alone" in sentence.text]
    assert alone.about == "task_1, task_2, task_3, task_4 and task_5"
    assert alone.text == "esn alone was run; it carries ≥ 20 steps (minimal lag 11 to 15) on each."


def test_what_is_missing_is_said_in_few_words() -> None:
    runs = results(fake_results.sparse(), curves=False)[0]
    found = dict(answer.gaps(runs, {*runs.task, "absent"}, [*fake_results.SKILL, "nowhere"]))
    assert found == {
        "nowhere": "run on no task",
        "absent": "no method was run",
        "memorization_5bit": "not run: lstm",
        "temporal_order": "not run: hf",
        "task_1, task_2, task_3, task_4 and task_5": "run: only esn",
    }
    fewer = runs[(runs.method != "hf") | (runs.seed == 0)]
    assert ("hf", "1 of 2 seeds at some lags of adding and memorization_5bit") in answer.gaps(fewer, [], [])


def test_the_verb_takes_drawn_figures_and_draws_the_rest(tmp_path: Path) -> None:
    fake_results.write(tmp_path, seeds=[0], methods=["esn"], tasks=["adding"])
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "reach.png").write_bytes(b"given")
    files = ["--runs", str(tmp_path / "runs.csv"), "--curves", str(tmp_path / "curves.parquet")]
    out = tmp_path / "deep" / "report.html"
    given = ["--figures", str(tmp_path / "figures"), "--tables", str(tmp_path / "tables")]
    assert main(["report", *files, *given, "--title", "T & T", "--out", str(out)]) == 0
    page = out.read_text()
    assert "base64,Z2l2ZW4=" in page
    assert page.count("base64,iVBOR") == 2 * len(figures.names()) - 1
    assert "<h1>T &amp; T</h1>" in page


def test_a_missing_runs_file_is_an_error_that_leaves_no_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "--runs", str(tmp_path / "none.csv"), "--out", str(tmp_path / "report.html")]) == 2
    assert "cannot read" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_analysis_needs_no_torch() -> None:
    import subprocess
    import sys

    code = "import sys; import longlag.report, longlag.figures.overview, longlag.cli; longlag.cli.build_parser(); "
    done = subprocess.run([sys.executable, "-c", code + "sys.exit('torch' in sys.modules)"], check=False)
    assert done.returncode == 0
    assert stats.AXES
