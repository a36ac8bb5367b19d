"""The hands-on page: its numbers are the library's, and its controls do what they say, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import browser
from longlag.cells.base import unroll
from longlag.cells.tanh_rnn import TanhRNN
from longlag.cli import main
from longlag.lecture.tools import landscape, nets
from longlag.report import handson
from pages import Page, policy

SIZES = {"laptop": (1280, 900), "phone": (390, 844)}
W, SYMMETRIC, INPUT = np.array(handson.WEIGHTS), np.array(handson.SYMMETRIC), np.array(handson.INPUT)
FAINT = 1e-6  # the strength of the input with which the page opens
LAGS = (1, 10, 50, 100)
CLOSE = 1e-6  # relative: what the page promises
# what the sliders can be set to: unit, centred, scales
SETTINGS = {
    "tanh": (nets.TANH, False, np.arange(0.2, 3.501, 0.05)),
    "logistic": (nets.LOGISTIC, False, np.arange(0.2, 12.001, 0.2)),
    "logistic, centred": (nets.LOGISTIC, True, np.arange(0.2, 12.001, 0.2)),
}


def test_the_page_is_one_file_that_fetches_nothing(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "handson.html"
    assert main(["handson", "--out", str(out)]) == 0
    text = out.read_text()
    page = Page(text)
    assert page.open == []
    assert page.addresses == []
    assert page.tags.count("script") == 2
    assert "default-src 'none'" in policy(text)
    assert len(text) < 100_000


def test_the_weights_written_down_have_a_spectral_radius_of_one() -> None:
    assert np.abs(np.linalg.eigvals(W)).max() == pytest.approx(1, abs=1e-3)
    half = (W + W.T) / 2
    assert half / np.abs(np.linalg.eigvalsh(half)).max() == pytest.approx(SYMMETRIC, abs=1e-4)
    assert (SYMMETRIC == SYMMETRIC.T).all()


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    if not (browser.CHROMIUM and browser.DRIVER):
        pytest.skip(browser.ABSENT)
    pytest.importorskip("selenium", reason="selenium is not installed")
    with browser.browser(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "handson.html"
    path.write_text(handson.render())
    return path


@pytest.fixture
def opened(driver: Any, page: Path) -> Any:
    return browser.opened(driver, page)


def in_the_page(driver: Any, choices: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the page computes for each choice: h and d, one row a step from the first on, and dW."""
    script = "return arguments[0].map((c) => { const r = handson.net(c); return {h: r.h, d: r.d, dW: r.dW}; })"
    found: list[dict[str, Any]] = driver.execute_script(script, choices)
    return found


def in_the_library(
    unit: nets.Unit,
    centred: bool,
    scale: float,
    lag: int,
    error: float,
    symmetric: bool = False,
    strength: float = FAINT,
) -> dict[str, np.ndarray]:
    """The same from the lecture's nets: one input at the first step, the error on the first unit of the last state."""
    weights = scale * (SYMMETRIC if symmetric else W)
    net = nets.Net(unit, weights, INPUT[None], nets.centred(weights) if centred else np.zeros(len(W)))
    x = np.zeros((lag + 1, 1, 1))
    x[0] = strength
    run = net.run(x, np.full((1, len(W)), (unit.low + unit.high) / 2))
    d_states = np.zeros((lag + 1, 1, len(W)))
    d_states[-1, 0, 0] = error
    back = net.backward(run, d_states)
    return {"h": run.h[1:, 0], "d": back["h"][1:, 0], "dW": back["W_hh"]}


def distance(found: Any, wanted: np.ndarray) -> float:
    """Size of the difference, relative to the size of what is wanted, row by row: the largest."""
    found, wanted = np.atleast_2d(np.array(found, float)), np.atleast_2d(wanted)
    size = np.linalg.norm(wanted, axis=1)
    return float((np.linalg.norm(found - wanted, axis=1) / np.where(size > 0, size, 1)).max())


@pytest.mark.parametrize("symmetric", [False, True], ids=["as drawn", "symmetric"])
@pytest.mark.parametrize(("setting", "strength"), [*((name, 1.0) for name in SETTINGS), ("tanh", FAINT)])
def test_the_gradient_is_the_library_s_wherever_the_sliders_go(
    opened: Any, setting: str, symmetric: bool, strength: float
) -> None:
    unit, centred, scales = SETTINGS[setting]
    net = {"symmetric": symmetric, "strength": strength}
    cases = [(float(scale), lag) for scale in scales for lag in LAGS]
    choices = [{"unit": unit.name, "scale": s, "lag": lag, "centred": centred, "error": 2.0, **net} for s, lag in cases]
    worst = 0.0
    for (scale, lag), found in zip(cases, in_the_page(opened, choices), strict=True):
        wanted = in_the_library(unit, centred, scale, lag, 2.0, symmetric, strength)
        apart = {name: distance(found[name], wanted[name]) for name in ("d", "h")}
        apart["dW"] = distance(np.ravel(found["dW"]), np.ravel(wanted["dW"]))
        worst = max(worst, *apart.values())
        assert all(value <= CLOSE for value in apart.values()), (setting, scale, lag, apart)
    print(f"{setting}: {len(cases)} settings, largest relative difference {worst:.1e}")


@pytest.mark.parametrize("scale", [0.7, 1.1, 3.5])
def test_the_gradient_is_that_of_longlag_s_cell_by_automatic_differentiation(opened: Any, scale: float) -> None:
    lag = 100
    (found,) = in_the_page(opened, [{"unit": "tanh", "scale": scale, "lag": lag}])
    weights = {"W_xh": INPUT[None, None], "W_hh": scale * W[None], "b_h": np.zeros((1, len(W)))}
    params = {name: torch.tensor(value, dtype=torch.float64).requires_grad_() for name, value in weights.items()}
    x = torch.zeros(1, lag + 1, 1, 1, dtype=torch.float64)  # [R, T, B, X]
    x[0, 0] = 1
    states, _ = unroll(TanhRNN(len(W)), params, x, torch.zeros(1, 1, dtype=torch.int64))
    (gradient,) = torch.autograd.grad(states[0, -1, 0, 0], [params["W_hh"]])
    assert distance(np.ravel(found["dW"]), np.ravel(gradient[0].numpy())) <= CLOSE


def test_doubling_the_error_doubles_every_derivative_to_the_bit(opened: Any) -> None:
    choice = {"unit": "logistic", "scale": 6.0, "lag": 60, "centred": True}
    one, two = in_the_page(opened, [{**choice, "error": 1}, {**choice, "error": 2}])
    assert (2 * np.array(one["d"]) == np.array(two["d"])).all()
    assert one["h"] == two["h"]


def test_the_map_is_the_library_s(opened: Any) -> None:
    net = nets.Net(nets.TANH, np.array(handson.MAP_WEIGHTS), np.zeros((0, 2)), np.array(handson.MAP_BIASES))
    starts = landscape.grid(9).reshape(-1, 2) * 0.97
    script = "return arguments[0].map((s) => [5, 20, 40].map((T) => handson.follow(s, T).norm))"
    found = np.array(opened.execute_script(script, starts.tolist()))
    wanted = landscape.derivative(net, starts, 40)[[4, 19, 39]].T
    assert np.abs(found / wanted - 1).max() <= CLOSE
    ends = np.array(opened.execute_script("return handson.attractors"))
    assert np.abs(ends - landscape.attractors(net)).max() <= CLOSE


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_it_opens_from_a_file_without_network_or_complaint(driver: Any, page: Path, size: str, dark: bool) -> None:
    browser.open_quietly(driver, page, SIZES[size], dark)


def turn(driver: Any, name: str, value: float) -> None:
    """Moves a slider as a hand would: value, then the event."""
    script = (
        "const e = document.getElementById(arguments[0]); e.value = arguments[1]; e.dispatchEvent(new Event('input'))"
    )
    driver.execute_script(script, name, value)


def told(driver: Any, reading: str, name: str) -> float:
    return float(driver.find_element("id", reading).get_attribute(f"data-{name}"))


def picture(driver: Any, name: str) -> str:
    return str(driver.find_element("id", name).get_attribute("innerHTML"))


@pytest.mark.parametrize(("name", "value"), [("scale", 3.5), ("lag", 100), ("error", 3)])
def test_each_slider_of_the_net_changes_the_curve_and_the_number(opened: Any, name: str, value: float) -> None:
    before, forward = picture(opened, "backward"), picture(opened, "forward")
    turn(opened, name, value)
    assert picture(opened, "backward") != before
    assert (picture(opened, "forward") == forward) == (name == "error")
    choice = {"scale": 0.7, "lag": 50, "error": 1.0, name: 2.0**value if name == "error" else value}
    wanted = in_the_library(nets.TANH, False, choice["scale"], int(choice["lag"]), choice["error"])
    assert told(opened, "reading", "gradient") == pytest.approx(np.linalg.norm(wanted["d"][0]), rel=CLOSE)
    assert told(opened, "reading", "weights") == pytest.approx(np.linalg.norm(wanted["dW"]), rel=CLOSE)


def test_units_can_be_changed_and_centred(opened: Any) -> None:
    found = [told(opened, "reading", "gradient")]
    opened.find_element("css selector", "input[value=logistic]").click()
    turn(opened, "scale", 2.8)
    found.append(told(opened, "reading", "gradient"))
    opened.find_element("id", "centred").click()
    found.append(told(opened, "reading", "gradient"))
    assert len(set(found)) == 3
    wanted = in_the_library(nets.LOGISTIC, True, 2.8, 50, 1.0, strength=1.0)
    assert found[2] == pytest.approx(np.linalg.norm(wanted["d"][0]), rel=CLOSE)


def test_the_start_moves_by_mouse_keys_and_sliders(opened: Any) -> None:
    from selenium.webdriver import ActionChains, Keys

    plane = opened.find_element("id", "plane")
    seen = [picture(opened, "orbit")]
    opened.execute_script("arguments[0].scrollIntoView({block: 'center'})", plane)
    ActionChains(opened).move_to_element_with_offset(plane, -100, 100).click().perform()
    seen.append(picture(opened, "orbit"))
    assert opened.find_element("id", "map-reading").get_attribute("data-end") == "lower left"
    plane.send_keys(Keys.ARROW_RIGHT)
    seen.append(picture(opened, "orbit"))
    plane.send_keys(Keys.ARROW_UP)
    seen.append(picture(opened, "orbit"))
    turn(opened, "first", 0.9)
    turn(opened, "second", 0.8)
    seen.append(picture(opened, "orbit"))
    assert len(set(seen)) == 5
    assert opened.find_element("id", "map-reading").get_attribute("data-end") == "upper right"
    net = nets.Net(nets.TANH, np.array(handson.MAP_WEIGHTS), np.zeros((0, 2)), np.array(handson.MAP_BIASES))
    wanted = landscape.derivative(net, np.array([0.9, 0.8]), 8)[-1]
    assert told(opened, "map-reading", "norm") == pytest.approx(float(wanted), rel=CLOSE)


def test_on_the_watershed_the_derivative_is_huge_and_more_steps_repaint_the_map(opened: Any) -> None:
    turn(opened, "steps", 20)
    inside = told(opened, "map-reading", "norm")
    opened.find_element("id", "watershed").click()
    assert told(opened, "map-reading", "norm") > 1e3 > 1e-3 > inside
    pixels = "return document.getElementById('map').toDataURL()"
    before = opened.execute_script(pixels)
    turn(opened, "steps", 5)
    assert opened.execute_script(pixels) != before


def heights(driver: Any) -> tuple[float, list[float]]:
    """The height of the point on the cut, and those of its curve, in units of the picture (smaller is higher)."""
    dot = driver.find_element("css selector", "#cut .dot").get_attribute("cy")
    curve = driver.find_element("css selector", "#cut .flow").get_attribute("d")
    return float(dot), [float(pair.split(",")[1]) for pair in re.split("[ML]", curve)[1:]]


@pytest.mark.parametrize("steps", [8, 20, 40])
def test_the_point_lies_on_its_curve_and_the_watershed_is_the_curve_s_peak(opened: Any, steps: int) -> None:
    turn(opened, "steps", steps)
    dot, curve = heights(opened)
    assert min(abs(dot - y) for y in curve) < 0.01
    opened.find_element("id", "watershed").click()
    dot, curve = heights(opened)
    assert dot == pytest.approx(min(curve), abs=3), "within a few pixels of the highest sample"


def test_the_watershed_is_seen_on_the_map_as_it_opens(opened: Any) -> None:
    script = """const c = document.getElementById('map'), d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
    return [...Array(c.width * c.height).keys()].filter((i) => d[4 * i] > d[4 * i + 2] + 40).length / c.width ** 2"""
    assert 0.01 < opened.execute_script(script) < 0.3, "red pixels"


def test_presets_show_a_vanished_and_an_exploded_gradient(opened: Any) -> None:
    vanish, survive, explode = opened.find_elements("css selector", ".preset")
    explode.click()
    assert told(opened, "reading", "gradient") > 1e6
    assert "It has exploded." in opened.find_element("id", "reading").text
    vanish.click()
    assert told(opened, "reading", "gradient") < 1e-6
    assert "It has vanished." in opened.find_element("id", "reading").text
    survive.click()
    assert 0.1 < told(opened, "reading", "gradient") < 10
    assert "It survives." in opened.find_element("id", "reading").text


def test_as_it_opens_the_scale_alone_takes_the_gradient_from_vanished_to_exploded(opened: Any) -> None:
    fates = []
    for scale in np.arange(0.7, 1.31, 0.05):
        turn(opened, "scale", float(scale))
        (fate,) = re.findall(r"It (?:has )?(vanished|survives|exploded)", opened.find_element("id", "reading").text)
        fates.append(fate)
    assert list(dict.fromkeys(fates)) == ["vanished", "survives", "exploded"]


def test_the_answer_about_logistic_units_is_what_they_do(opened: Any) -> None:
    """No scale of the slider lets the gradient survive 50 steps; with centred units 4 is the first that does."""
    page = opened.find_element("id", "net").get_attribute("textContent")
    assert "no scale of this slider" in page
    assert "survives from a scale of 4 on" in page
    opened.find_element("css selector", "input[value=logistic]").click()
    largest = float(opened.find_element("id", "scale").get_attribute("max"))
    sizes = {}
    for centred in (False, True):
        choices = [
            {"unit": "logistic", "scale": s, "lag": 50, "centred": centred}
            for s in np.arange(0.2, largest + 0.01, 0.05)
        ]
        found = in_the_page(opened, choices)
        sizes[centred] = [(c["scale"], np.linalg.norm(f["d"][0])) for c, f in zip(choices, found, strict=True)]
    assert max(size for _, size in sizes[False]) < 1e-10
    assert next(scale for scale, size in sizes[True] if size > 0.1) == pytest.approx(4)


def test_symmetric_weights_and_the_full_input_change_the_curve(opened: Any) -> None:
    turn(opened, "scale", 2)
    for name, symmetric, strength in (("symmetric", True, FAINT), ("faint", True, 1.0)):
        opened.find_element("id", name).click()
        wanted = in_the_library(nets.TANH, False, 2.0, 50, 1.0, symmetric, strength)
        assert told(opened, "reading", "gradient") == pytest.approx(np.linalg.norm(wanted["d"][0]), rel=CLOSE)


@pytest.mark.parametrize("size", SIZES)
def test_the_labels_of_the_sliders_do_not_collide(driver: Any, page: Path, size: str) -> None:
    browser.open_quietly(driver, page, SIZES[size], False)
    script = """return [...document.querySelectorAll('.knob')].map((knob) => {
      const range = document.createRange(); range.selectNode(knob.firstChild);
      const [words, value] = [range.getBoundingClientRect(), knob.querySelector('output').getBoundingClientRect()];
      return words.right <= value.left || words.bottom <= value.top; })"""
    assert all(driver.execute_script(script))


@pytest.mark.parametrize("size", SIZES)
def test_the_words_of_the_pictures_can_be_read_and_do_not_collide(driver: Any, page: Path, size: str) -> None:
    browser.open_quietly(driver, page, SIZES[size], False)
    driver.find_elements("css selector", ".preset")[-1].click()
    for steps in (1, 8, 40):
        turn(driver, "steps", steps)
        for name in ("forward", "backward", "cut"):
            boxes = driver.execute_script(WORDS, name)
            assert min(size for *_, size in boxes) > 11, "pixels of the letters on the screen"
            for (left, top, right, bottom, _), (x, y, _, _, _) in combinations(boxes, 2):
                assert not (left <= x < right and top <= y < bottom), (name, steps)


WORDS = """const svg = document.getElementById(arguments[0]), scale = svg.clientWidth / svg.viewBox.baseVal.width;
return [...svg.querySelectorAll('text')].map((text) => {
  const r = text.getBoundingClientRect();
  return [r.left, r.top, r.right, r.bottom, scale * parseFloat(getComputedStyle(text).fontSize)]; })"""


@pytest.mark.parametrize("size", SIZES)
def test_the_sliders_of_a_row_stand_at_one_height(driver: Any, page: Path, size: str) -> None:
    browser.open_quietly(driver, page, SIZES[size], False)
    script = """return [...document.querySelectorAll('.knob')].map((knob) => {
      const range = document.createRange(); range.selectNode(knob.firstChild);
      return range.getClientRects().length; })"""
    assert set(driver.execute_script(script)) == {1}, "lines of a label"


def test_numbers_are_written_as_in_print(opened: Any) -> None:
    turn(opened, "lag", 100)
    reading = opened.find_element("id", "reading").get_attribute("innerHTML")
    assert re.search(r"<b>[\d.]+&nbsp;×&nbsp;10<sup>−\d+</sup></b>", reading)
    assert opened.find_element("id", "first-told").text == "−0.300"


def test_without_scripts_it_says_what_it_needs(tmp_path: Path, page: Path) -> None:
    if not (browser.CHROMIUM and browser.DRIVER):
        pytest.skip(browser.ABSENT)
    with browser.browser(tmp_path, scripts=False) as driver:
        browser.show(driver, page)
        assert "needs scripts" in driver.find_element("css selector", "body").text


def test_a_page_replaces_a_page_and_no_record(tmp_path, capsys):
    record, page = tmp_path / "runs.csv", tmp_path / "page.html"
    record.write_text("task,lag\n")
    for verb in (["handson"], ["report", str(record)]):
        assert main([*verb, "--out", str(record)]) == 2
        assert "is there already and is no page" in capsys.readouterr().err
    assert record.read_text() == "task,lag\n"
    assert [main(["handson", "--out", str(page)]) for _ in range(2)] == [0, 0]
