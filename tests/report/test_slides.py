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


def at(driver: Any) -> str:
    """The slide whose top is the window's."""
    script = (
        "return [...document.querySelectorAll('section')].findIndex((s) => Math.abs(s.getBoundingClientRect().top) < 2)"
    )
    return ["claim-2", "claim-3", "none"][driver.execute_script(script)]


def press(driver: Any, name: str, shift: bool = False) -> None:
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    chain = ActionChains(driver)
    if shift:
        chain.key_down(Keys.SHIFT)
    chain.send_keys(getattr(Keys, name)).key_up(Keys.SHIFT).perform()


BACK = {"ARROW_RIGHT": "ARROW_LEFT", "ARROW_DOWN": "ARROW_UP", "PAGE_DOWN": "PAGE_UP", "SPACE": "SPACE", "END": "HOME"}


def test_keys_move_from_slide_to_slide(driver: Any, page: Path) -> None:
    browser.window(driver, 1280, 720)
    browser.show(driver, page)
    for ahead, back in BACK.items():
        assert at(driver) == "claim-2", ahead
        press(driver, ahead)
        assert at(driver) == "claim-3", ahead
        press(driver, ahead)
        assert at(driver) == "claim-3", "the last slide stays"
        press(driver, back, shift=back == ahead)
    assert at(driver) == "claim-2"
    assert browser.complaints(driver) == []


def test_notes_can_be_read_by_keys_while_they_are_shown(driver: Any, page: Path) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.window(driver, 1280, 720)
    browser.show(driver, page)
    box = driver.find_element("id", "speaker")
    box.send_keys(Keys.SPACE)
    assert box.is_selected(), "the space that ticks the box moves nothing"
    assert at(driver) == "claim-2"
    prevented = """let e = new KeyboardEvent('keydown', {key: arguments[0], cancelable: true, bubbles: true});
    return !document.body.dispatchEvent(e)"""
    assert [driver.execute_script(prevented, key) for key in ("ArrowDown", "ArrowUp", "ArrowRight")] == [
        False,
        False,
        True,
    ]
    assert at(driver) == "claim-3"
    driver.execute_script("window.scrollBy(0, -300)")
    press(driver, "ARROW_LEFT")
    assert at(driver) == "claim-2", "back from within a slide's notes is to its top"


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
    assert height >= 300, "the panels stand one below another"
    natural = "const i = document.querySelector('#claim-2 img'); return i.width / i.naturalWidth"
    assert 7 / 0.75 * driver.execute_script(natural) >= 9, "pixels of the smallest letters, 7 points"
    sideways = "const f = document.querySelector('#claim-2 figure'); return f.scrollWidth - f.clientWidth"
    assert driver.execute_script(sideways) == 0
