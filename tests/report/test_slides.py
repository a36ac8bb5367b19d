"""The slides of the lecture in a browser: every slide fills one screen, nothing covers anything, notes are folded."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import browser
from longlag.lecture.tools import running
from longlag.report import slides

pytestmark = browser.needs_browser
SCREENS = [(1280, 720), (1024, 768)]
LONGEST = "Letters of a sentence that is as long as any may be. " * 6  # 320: the limit of tests/lecture/conftest.py


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    entry = running.entry("linear_backward", range(5))
    entry["finding"]["plain"] = LONGEST.strip()
    absent = {**entry, "claim": {**entry["claim"], "number": 3}, "finding": None, "error": "it broke"}
    path = tmp_path_factory.mktemp("slides") / "slides.html"
    path.write_text(slides.render([entry, absent]), "utf-8")
    return path


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with browser.browser(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


def boxes(driver: Any, *names: str) -> list[tuple[float, float]]:
    """Top and bottom of these parts of the first slide, in pixels of the window."""
    script = """const r = document.querySelector('#claim-2 ' + arguments[0]).getBoundingClientRect();
    return [r.top, r.bottom]"""
    return [tuple(driver.execute_script(script, name)) for name in names]


@pytest.mark.parametrize("screen", SCREENS)
def test_a_slide_is_a_screen_and_its_parts_follow_each_other(driver: Any, page: Path, screen: tuple[int, int]) -> None:
    browser.window(driver, *screen)
    browser.show(driver, page)
    assert browser.wider_than_the_window(driver) == 0
    assert (browser.complaints(driver), browser.requests(driver)) == ([], [])
    heights = driver.execute_script("return [...document.querySelectorAll('section')].map((s) => s.offsetHeight)")
    assert heights == [screen[1]] * 2
    parts = boxes(driver, "h1", ".sentence", "figure img", ".verdict", "nav")
    assert all(above[1] <= below[0] for above, below in pairwise(parts))
    assert parts[2][1] - parts[2][0] > 0.45 * screen[1], "the figure is most of the slide"


def test_the_letters_of_a_figure_can_be_read_from_afar(driver: Any, page: Path) -> None:
    browser.window(driver, 1280, 720)
    browser.show(driver, page)
    script = """const i = document.querySelector('#claim-2 img');
    return Math.min(i.width / i.naturalWidth, i.height / i.naturalHeight)"""
    points_per_pixel = 72 / 96  # of CSS, as the browser takes an SVG's points
    assert 7 / points_per_pixel * driver.execute_script(script) > 14, "pixels of the smallest letters, 7 points"


def test_a_printed_slide_with_its_notes_is_one_page(driver: Any, page: Path, tmp_path: Path) -> None:
    browser.show(driver, page)
    browser.print_pdf(driver, tmp_path / "slides.pdf")
    assert len(re.findall(rb"/Type */Page[^s]", (tmp_path / "slides.pdf").read_bytes())) == 2


def test_notes_are_folded_until_they_are_asked_for(driver: Any, page: Path) -> None:
    browser.window(driver, 1280, 720)
    browser.show(driver, page)
    notes = driver.find_element("css selector", "#claim-2 .notes")
    assert not notes.is_displayed()
    driver.find_element("css selector", "label[for=speaker]").click()
    assert notes.is_displayed()
    assert all(f"{part}." in notes.text for part in ("Predict", "Run", "Explain"))
    assert "it broke" in driver.find_element("css selector", "#claim-3 .verdict").text


def test_on_a_phone_every_slide_keeps_its_figure_and_nothing_lies_on_anything(driver: Any, page: Path) -> None:
    browser.window(driver, 390, 844)
    browser.show(driver, page)
    assert browser.wider_than_the_window(driver) == 0
    label, *parts = (
        driver.execute_script("return document.querySelector('label').getBoundingClientRect().bottom"),
        *boxes(driver, "h1", ".sentence", "figure img", ".verdict", "nav"),
    )
    assert label <= parts[0][0], "the box for the notes stands above the slides, not on them"
    assert all(above[1] <= below[0] for above, below in pairwise(parts))
    size = "const r = document.querySelector('#claim-2 img').getBoundingClientRect(); return [r.width, r.height]"
    width, height = driver.execute_script(size)
    assert width >= 300
    assert height >= 200
