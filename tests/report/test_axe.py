"""The pages keep the rules of axe-core for people who do not see well, or at all: on a laptop and a phone, by day and night."""

from __future__ import annotations

import importlib.util
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure
from PIL import Image

import browser
import fake_results
import paper_rows
from cases import analysis
from longlag import figures, report
from longlag.analysis import Analysis
from longlag.lecture.tools import running
from longlag.report import handson, images, papers, slides

ROOT = Path(__file__).parents[2]
AXE = importlib.util.find_spec("axe_core_python")
pytestmark = [
    browser.needs_browser,
    pytest.mark.skipif(AXE is None, reason="axe-core-python is not installed (longlag[test])"),
]
RUN = """const done = arguments[0];
document.querySelectorAll("details").forEach(d => { d.open = true });
axe.run().then(found => done(JSON.stringify(found)), error => done(JSON.stringify({failed: String(error)})));"""


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    pytest.importorskip("selenium", reason="selenium is not installed")
    with browser.browser(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The report of many methods on many tasks, that of the reference, and the hands-on page. Figures are blank."""
    folder = tmp_path_factory.mktemp("pages")
    blank = io.BytesIO()
    Image.new("RGB", (700, 300), "white").save(blank, "png")
    reference = ROOT / "results/reference"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(images, "of_figure", lambda figure: images.address(blank.getvalue()))
        for name in figures.names():
            patch.setattr(figures.get(name), "draw", lambda *data, **width: Figure())
        texts = {
            "many": report.render(analysis(fake_results.crowded([0])), "Many", b"rows"),
            "reference": report.render(
                Analysis.load(reference / "runs.csv.gz", reference / "curves.parquet"), "Reference", b"rows"
            ),
            "handson": handson.render(),
        }
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text)
    return {name: folder / f"{name}.html" for name in texts}


def findings(driver: Any) -> tuple[list[str], int]:
    """What axe finds, a line each, and the number of rules that were kept."""
    driver.execute_script(next(Path(str(AXE.origin)).parent.glob("axe.min.js")).read_text())  # type: ignore[union-attr]
    found = json.loads(driver.execute_async_script(RUN))
    assert "failed" not in found, found
    lines = [
        f"{rule['id']}: {len(rule['nodes'])} times, {rule['nodes'][0]['html'][:200]}" for rule in found["violations"]
    ]
    return lines, len(found["passes"])


@pytest.mark.slow
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 800), (375, 812)], ids=["laptop", "phone"])
@pytest.mark.parametrize("name", ["many", "reference", "handson"])
def test_axe_finds_nothing(driver: Any, pages: dict[str, Path], name: str, size: tuple[int, int], dark: bool) -> None:
    browser.window(driver, *size, dark=dark)
    browser.show(driver, pages[name])
    browser.drawn(driver)
    lines, kept = findings(driver)
    assert lines == []
    assert kept > 15
    assert driver.execute_script("return document.querySelectorAll('g[role]:empty:not([aria-hidden])').length") == 0


@pytest.mark.slow
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_on_the_page_of_a_paper(driver: Any, tmp_path: Path, dark: bool) -> None:
    (tmp_path / "paper.html").write_text(papers.render(paper_rows.paper("sutskever2013")))
    browser.window(driver, *((375, 812) if dark else (1280, 800)), dark=dark)
    browser.show(driver, tmp_path / "paper.html")  # which runs no script, so that nothing is to be waited for
    lines, kept = findings(driver)
    assert lines == []
    assert kept > 15


@pytest.mark.slow
def test_axe_finds_nothing_on_slides(driver: Any, tmp_path: Path) -> None:
    entry = running.entry("linear_backward", range(5))
    (tmp_path / "slides.html").write_text(slides.render([entry], seeds=5), "utf-8")
    browser.window(driver, 1280, 720)
    browser.show(driver, tmp_path / "slides.html")
    for notes in ("hidden", "shown"):
        lines, kept = findings(driver)
        assert (notes, lines) == (notes, [])
        assert kept > 10
        driver.execute_script("document.getElementById('speaker').click()")


def test_selenium_waits_for_an_answer_longer_than_a_script_or_a_page_may_take(driver: Any) -> None:
    timeouts = driver.timeouts
    assert timeouts.script >= 600
    assert driver.command_executor.client_config.timeout > max(timeouts.script, timeouts.page_load)


def test_axe_finds_what_is_wrong(driver: Any, tmp_path: Path) -> None:
    (tmp_path / "bad.html").write_text("<!doctype html><html><body><img src='data:,'><button></button></body></html>")
    browser.show(driver, tmp_path / "bad.html")
    lines, _ = findings(driver)
    assert {line.partition(":")[0] for line in lines} >= {"image-alt", "button-name", "html-has-lang"}
