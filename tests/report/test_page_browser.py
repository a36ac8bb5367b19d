"""The report in a real browser: from a file, without a network, with and without scripts, on a laptop and a phone."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image

import browser
import fake_results
from cases import CASES, analysis
from longlag import figures, report
from longlag.analysis import Analysis, stats
from longlag.report import images
from longlag.store.records import Row, Status
from longlag.tables.tools import newcomer

pytestmark = browser.needs_browser
pytest.importorskip("vl_convert", reason="vl-convert-python is not installed: no interactive charts")
pytest.importorskip("selenium", reason="selenium is not installed")
SIZES = {"laptop": (1280, 900), "phone": (390, 844)}
EVIL = '</script><script>document.title = "caught"</script><img src=x onerror="document.title = 1">'


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with browser.browser(tmp_path_factory.mktemp("profile")) as found:
        yield found


Write = Callable[[list[Row]], Path]


@pytest.fixture(scope="module")
def write(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Write]:
    """Writes a page of these rows. Figures are blank: that they are drawn is tested elsewhere."""
    blank = io.BytesIO()
    Image.new("RGB", (700, 300), "white").save(blank, "png")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(images, "of_figure", lambda figure: images.address(blank.getvalue()))
        for name in figures.names():
            patch.setattr(figures.get(name), "draw", lambda *data, **width: Figure())

        def page(rows: list[Row]) -> Path:
            path = tmp_path_factory.mktemp("page") / "report.html"
            path.write_text(report.render(analysis(rows), title="A suite"))
            return path

        yield page


@pytest.fixture(scope="module")
def whole(write: Write) -> Path:
    return write(fake_results.runs(seeds=[0, 1, 2]))


def count(driver: Any, selector: str) -> int:
    return int(driver.execute_script("return document.querySelectorAll(arguments[0]).length", selector))


def text(driver: Any, selector: str) -> str:
    return str(driver.execute_script("return document.querySelector(arguments[0]).textContent", selector))


def shown(driver: Any, selector: str) -> bool:
    return bool(driver.find_element("css selector", selector).is_displayed())


def act(driver: Any, action: Callable[[], None]) -> None:
    """Does something and waits until the page has drawn again."""
    before = browser.asked(driver)
    action()
    browser.drawn(driver, before + 1)


def choose(driver: Any, selector: str, value: str) -> None:
    from selenium.webdriver.support.ui import Select

    box = Select(driver.find_element("css selector", selector))
    if box.first_selected_option.text != value:
        act(driver, lambda: box.select_by_visible_text(value))


def click(driver: Any, selector: str) -> None:
    element = driver.find_element("css selector", selector)
    driver.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", element)
    act(driver, element.click)


@pytest.fixture
def opened(driver: Any, whole: Path) -> Any:
    return browser.opened(driver, whole)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_it_opens_from_a_file_without_network_or_complaint(driver: Any, whole: Path, size: str, dark: bool) -> None:
    browser.open_quietly(driver, whole, SIZES[size], dark)
    broken = "return [...document.images].filter(i => !(i.complete && i.naturalWidth)).length"
    assert driver.execute_script(broken) == 0
    assert len(driver.find_elements("css selector", ".live svg")) == 3
    background = driver.execute_script("return getComputedStyle(document.body).backgroundColor")
    ink = driver.execute_script("return getComputedStyle(document.querySelector('.live svg text')).fill")
    bright = [sum(map(int, colour[4:-1].split(","))) for colour in (background, ink)]
    assert (bright[0] < bright[1]) == dark


CUT = """
return [...document.querySelectorAll("caption, figcaption, h1, h2, h3, p, summary")].filter(e => {
  const box = e.getBoundingClientRect();
  return box.width && (box.left < 0 || box.right > document.documentElement.clientWidth);
}).map(e => e.textContent.slice(0, 60));
"""


@pytest.mark.parametrize("width", [320, 420, 1280])
def test_no_caption_or_text_is_cut(driver: Any, whole: Path, width: int) -> None:
    """A wide table is scrolled; its caption is read where the reader is."""
    browser.window(driver, width, 900)
    browser.show(driver, whole)
    browser.drawn(driver)
    assert driver.execute_script(CUT) == []
    for box in driver.find_elements("css selector", ".wide"):
        driver.execute_script("arguments[0].scrollLeft = 1e6", box)
    assert driver.execute_script(CUT) == [], "after scrolling the tables"


def test_the_comparison_of_a_newcomer_is_whole_on_a_phone(driver: Any, tmp_path: Path) -> None:
    page = tmp_path / "compare.html"
    compared = CASES["whole"]()
    compared = replace(compared, newcomer=compared.methods[0])
    page.write_text(report.render(compared, "compare"))
    browser.window(driver, *SIZES["phone"])
    browser.show(driver, page)
    shown = driver.find_element("css selector", "#newcomer .wide:last-child")
    assert shown.get_property("scrollWidth") <= shown.get_property("clientWidth")
    before = "return getComputedStyle(document.querySelector(arguments[0]), '::before').content"
    cell = "#newcomer .wide:last-child td:nth-child({})"
    words = [driver.execute_script(before, cell.format(n)).strip('"') for n in range(2, 8)]
    assert [word.strip(": ") for word in words] == [*newcomer.by_cell(compared).table.columns[1:]]
    browser.window(driver)


def test_the_task_changes_all_charts_and_the_table(opened: Any) -> None:
    choose(opened, "#choose-task", "Adding")
    before = {name: text(opened, name) for name in ("#explorer-status", "#explorer-rows")}
    marks = opened.find_element("id", "view-success").get_attribute("innerHTML")
    choose(opened, "#choose-task", "Temporal order")
    assert "Temporal order" in text(opened, "#explorer-status")
    assert all(text(opened, name) != words for name, words in before.items())
    assert opened.find_element("id", "view-success").get_attribute("innerHTML") != marks
    assert "Hessian-Free (not run here)" in text(opened, "#choose-methods")


def test_the_lag_changes_the_learning_curves(opened: Any) -> None:
    choose(opened, "#choose-task", "Adding")
    found = []
    for lag in ("20", "200"):
        choose(opened, "#choose-lag", lag)
        found.append(count(opened, "#view-curves .mark-line path"))
        assert f"at lag {lag}" in text(opened, "#explorer-status")
    assert found[0] > found[1] > 0


BESIDE = """
const chart = document.querySelector("#view-curves svg"), at = (e) => e.getBoundingClientRect();
const names = [...chart.querySelectorAll(".mark-text > text")].filter(e => /constant|half-solved|below/.test(e.textContent));
const curves = [...chart.querySelectorAll(".mark-line path")];
return [Math.min(...names.map(e => at(e).left)) - Math.max(...curves.map(e => at(e).right)), names.map(e => e.textContent)];
"""


def test_no_learning_curve_crosses_the_name_of_a_level(opened: Any) -> None:
    """Curves begin at the constant answer and may stay there: the names stand beside the panel."""
    free, names = opened.execute_script(BESIDE)
    assert "solvedbelow" in names
    assert any("constant" in name for name in names)
    assert free > 0


def test_the_axis_of_cost_changes_names_and_numbers(opened: Any) -> None:
    seen = set()
    for axis, words in stats.AXES.items():
        if axis != "passes":
            click(opened, f"input[name=axis][value={axis}]")
        assert f"{words} to solve" in text(opened, "#view-cost")
        assert words in text(opened, "#view-curves")
        seen.add(text(opened, "#explorer-rows"))
    assert len(seen) == len(stats.AXES)


def test_methods_can_be_left_out_and_brought_back(opened: Any) -> None:
    marks = "#view-success .mark-symbol path"
    everything = count(opened, marks)
    click(opened, "#choose-methods input[value='0']")
    fewer = count(opened, marks)
    assert 0 < fewer < everything
    click(opened, "#no-methods")
    assert not shown(opened, "#view-success")
    assert shown(opened, "#none-success")
    assert "0 of 7 methods" in text(opened, "#explorer-status")
    click(opened, "#all-methods")
    assert count(opened, marks) == everything


def test_hovering_tells_seed_n_and_interval(opened: Any) -> None:
    from selenium.webdriver import ActionChains
    from selenium.webdriver.support.ui import WebDriverWait

    def told(selector: str) -> str:
        marks = opened.find_elements("css selector", selector)
        for mark in marks:  # one may lie below another
            opened.execute_script("arguments[0].scrollIntoView({block: 'center'})", mark)
            ActionChains(opened).move_to_element(mark).perform()
            if opened.find_elements("css selector", "#vg-tooltip-element.visible"):
                break
        WebDriverWait(opened, 20).until(lambda d: d.find_elements("css selector", "#vg-tooltip-element.visible"))
        words = text(opened, "#vg-tooltip-element")
        ActionChains(opened).move_to_element(opened.find_element("id", "explorer-status")).perform()
        return words

    rate = told("#view-success .mark-symbol path")
    assert "of 3 seeds" in rate
    assert "Wilson, 95 %" in rate
    cost = told("#view-cost .layer_1_marks path")
    assert "median" in cost
    assert "of 3 seeds" in cost
    end = told("#view-curves .layer_4_marks path")
    assert "seed" in end
    assert "3 seeds drawn" in end


def test_keys_alone_do_what_the_mouse_does(opened: Any) -> None:
    from selenium.webdriver import Keys

    first = text(opened, "#explorer-status")
    box = opened.find_element("id", "choose-task")
    key = Keys.ARROW_UP if box.get_attribute("selectedIndex") != "0" else Keys.ARROW_DOWN
    act(opened, lambda: box.send_keys(key))
    assert text(opened, "#explorer-status") != first
    method = opened.find_element("css selector", "#choose-methods input[value='1']")
    act(opened, lambda: method.send_keys(Keys.SPACE))
    assert "6 of 7 methods" in text(opened, "#explorer-status")
    axis = opened.find_element("css selector", "input[name=axis]:checked")
    act(opened, lambda: axis.send_keys(Keys.ARROW_RIGHT))
    assert opened.find_element("css selector", "input[name=axis]:checked").get_attribute("value") == "flops"


def test_the_first_key_leads_to_the_answer(opened: Any) -> None:
    from selenium.webdriver import ActionChains, Keys

    ActionChains(opened).send_keys(Keys.TAB).perform()
    assert opened.switch_to.active_element.text == "Skip to the answer"


def test_in_the_dark_the_page_follows(opened: Any) -> None:
    act(opened, lambda: browser.window(opened, dark=True))
    act(opened, lambda: browser.window(opened))


def test_it_prints(opened: Any, tmp_path: Path) -> None:
    browser.print_pdf(opened, tmp_path / "page.pdf")
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")


def test_without_scripts_figures_and_tables_are_there(tmp_path: Path, whole: Path) -> None:
    with browser.browser(tmp_path, scripts=False) as driver:
        browser.show(driver, whole)
        assert not driver.find_elements("css selector", "button.save")
        figures_seen = driver.find_elements("css selector", "figure .card img")
        assert len(figures_seen) == len(figures.names()) - 1  # no gradient flow was recorded
        assert all(image.is_displayed() and image.size["width"] > 300 for image in figures_seen)
        for details in driver.find_elements("css selector", "main > section > details summary"):
            details.click()
        tables_seen = [t for t in driver.find_elements("css selector", "table") if t.is_displayed()]
        assert len(tables_seen) >= 5
        assert not shown(driver, "#explorer")
        assert "JavaScript is off" in driver.find_element("css selector", "noscript").text


def open_page(driver: Any, page: Path, draws: bool = True) -> str:
    browser.window(driver)
    browser.show(driver, page)
    if draws:
        browser.drawn(driver)
    assert browser.complaints(driver) == []
    assert browser.requests(driver) == []
    assert driver.title == "A suite"
    return str(driver.find_element("css selector", "body").text)


def test_an_empty_suite_says_so(driver: Any, write: Write) -> None:
    words = open_page(driver, write([]), draws=False)
    assert "There are no runs yet" in words
    assert "Interactive charts: there are no runs" in words


def test_a_partial_suite_says_what_is_missing(driver: Any, write: Write) -> None:
    """One method did not run on one task, and on another task every run was killed."""
    rows = [row for row in fake_results.runs([0, 1]) if (row.task, row.method) != ("adding", "esn")]
    nothing = float("nan")
    killed = {"solved": False, "status": Status.ERROR.value, "passes": nothing, "passes_to_solve": nothing}
    rows = [replace(row, **killed) if row.task == "temporal_order" else row for row in rows]  # type: ignore[arg-type]
    words = open_page(driver, write(rows))
    assert "adding: not run: echo state network" in words
    assert "temporal order" in words
    choose(driver, "#choose-task", "Temporal order")
    assert not shown(driver, "#view-curves")
    assert "error" in text(driver, "#explorer-rows")
    choose(driver, "#choose-task", "Adding")
    assert "Echo state network (not run here)" in text(driver, "#choose-methods")


def test_hostile_names_stay_names_in_every_control(driver: Any, write: Write) -> None:
    rows = [
        replace(row, task=f"t {EVIL}", method=f"m {EVIL}", reason=EVIL)
        for row in fake_results.runs([0], ["esn"], ["adding"])
    ]
    open_page(driver, write(rows))
    assert text(driver, "#choose-task") == f"T {EVIL}"
    assert f"M {EVIL}" in text(driver, "#choose-methods")
    assert count(driver, "img[onerror]") == 0


@pytest.mark.slow
def test_a_hundred_thousand_rows_make_a_page_of_bounded_size(driver: Any, tmp_path: Path, write: Write) -> None:
    few = analysis(fake_results.runs(seeds=range(4), tasks=["adding", "memorization_5bit"]))
    times = -(-100_000 // len(few.runs))
    runs, curves = (
        pd.concat([table.assign(seed=table.seed + 4 * i) for i in range(n)], ignore_index=True)
        for table, n in zip((few.runs, few.curves), (times, times // 20), strict=True)
    )
    assert len(runs) >= 100_000
    page = tmp_path / "report.html"
    page.write_text(report.render(Analysis(runs, curves), title="A suite"))
    assert page.stat().st_size < 5_000_000
    words = open_page(driver, page)
    assert f"Of up to {runs.seed.nunique()} seeds per condition, the first" in words
    assert count(driver, "#view-cost .mark-symbol path") < 10_000
