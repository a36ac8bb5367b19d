"""A whole page with its figures in a real browser: its first screen, what it saves, its widest table, and print."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

import browser
import fake_results
from longlag import figures, report
from longlag.analysis import Analysis

pytestmark = browser.needs_browser
pytest.importorskip("vl_convert", reason="vl-convert-python is not installed: no interactive charts")
pytest.importorskip("selenium", reason="selenium is not installed")


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with browser.browser(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture(scope="module")
def drawn_page(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """A page with its figures, and the rows that it holds."""
    folder = tmp_path_factory.mktemp("drawn")
    fake_results.write(folder, seeds=[0, 1], tasks=["adding", "temporal_order"])
    rows = (folder / "runs.csv").read_bytes()
    suite = Analysis.load(folder / "runs.csv", folder / "curves.parquet")
    (folder / "report.html").write_text(report.render(suite, "A suite", rows))
    return folder / "report.html", rows


def saved(driver: Any, folder: Path, selector: str, name: str) -> bytes:
    """What a click on that button writes."""
    from selenium.webdriver.support.ui import WebDriverWait

    driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(folder)})
    driver.execute_script("document.querySelector(arguments[0]).click()", selector)
    WebDriverWait(driver, 60).until(lambda d: (folder / name).is_file() and not [*folder.glob("*.crdownload")])
    return (folder / name).read_bytes()


def test_rows_and_figures_can_be_saved(driver: Any, tmp_path: Path, drawn_page: tuple[Path, bytes]) -> None:
    page, rows = drawn_page
    browser.opened(driver, page)
    (tmp_path / "saved").mkdir()
    assert saved(driver, tmp_path / "saved", "#save-rows", "runs.csv") == rows
    drawing = saved(driver, tmp_path / "saved", "#reach button.save", "reach.svg")
    assert ElementTree.fromstring(drawing.decode()).tag.endswith("svg")


@pytest.mark.parametrize("size", [(1280, 800), (375, 812)], ids=["laptop", "phone"])
def test_the_first_screen_shows_a_sentence_and_the_picture(
    driver: Any, drawn_page: tuple[Path, bytes], size: tuple[int, int]
) -> None:
    browser.window(driver, *size)
    browser.show(driver, drawn_page[0])
    browser.drawn(driver)
    box = "const b = document.querySelector(arguments[0]).getBoundingClientRect(); return [b.top, b.bottom, b.right]"
    sentence, picture = (driver.execute_script(box, name) for name in ("h2.sentence", "#answer figure img"))
    assert 0 < sentence[0] < sentence[1] < picture[0] < size[1] / 3
    assert min(picture[1], size[1]) - picture[0] > size[1] / 3
    out = """return [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth + 0.5
      && !e.closest(".wide, .card")).map(e => e.outerHTML.slice(0, 200))"""
    assert driver.execute_script(out) == []


@pytest.mark.parametrize(("size", "a_row"), [((1280, 800), 80), ((375, 812), 300)], ids=["laptop", "phone"])
def test_the_table_of_published_results_is_readable(
    driver: Any, drawn_page: tuple[Path, bytes], size: tuple[int, int], a_row: int
) -> None:
    browser.window(driver, *size)
    browser.show(driver, drawn_page[0])
    driver.execute_script("document.querySelectorAll('#published details').forEach(d => { d.open = true })")
    boxes = """return [...document.querySelectorAll("#published .wide")].map(
      e => [e.scrollWidth, e.clientWidth, e.offsetHeight, e.querySelectorAll("tbody tr").length])"""
    papers = driver.execute_script(boxes)
    assert len(papers) > 2
    for wide, room, height, rows in papers:
        assert wide <= room, "a column is out of sight"
        assert height < 200 + a_row * rows


def test_a_printed_page_has_no_figure_that_leaves_half_a_page_empty(
    driver: Any, drawn_page: tuple[Path, bytes]
) -> None:
    browser.opened(driver, drawn_page[0])
    browser.window(driver, 688, 1000)  # the width of the text on A4
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert driver.execute_script("return matchMedia('print').matches")
    sizes = """return [...document.querySelectorAll('.card')].map(e => [e.classList.contains('tall'),
      e.getBoundingClientRect().height * 25.4 / 96])"""
    heights = driver.execute_script(sizes)
    driver.execute_script("document.querySelectorAll('details').forEach(d => { d.open = true })")
    browser.drawn(driver)
    width = driver.execute_script("return document.documentElement.scrollWidth")
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert width <= 688, "a browser makes all of a page smaller until its widest table fits"
    assert len(heights) == len(figures.names()) - 1  # no gradient flow was recorded
    assert max(height for tall, height in heights[1:] if not tall) < 0.5 * 265  # mm of text on a page
    assert max(height for tall, height in heights if not tall) < 160
    assert all(150 < height < 260 for tall, height in heights if tall), "a page of its own, or its words are too small"
