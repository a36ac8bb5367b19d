"""A real browser for tests: Chromium without a head, a network or a memory, driven through chromedriver.

On Debian: apt-get install chromium chromium-driver. Where they are absent, tests skip and say so.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
ABSENT = "no chromium and chromedriver on the PATH (Debian: apt-get install chromium chromium-driver)"
needs_browser = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason=ABSENT)
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND",  # no name has an address
)
SEVERE = ("SEVERE", "WARNING")
SCRIPT_SECONDS = 600  # a script may take so long on a machine under load; axe itself needs seconds
ANSWER_SECONDS = SCRIPT_SECONDS + 60  # selenium waits so long for an answer of chromedriver; its default is 120


@contextmanager
def browser(folder: Path, scripts: bool = True) -> Iterator[Any]:
    """A driver with a fresh profile in `folder`; every request and every word on the console is kept."""
    from selenium.webdriver import Chrome, ChromeOptions, ChromeService

    os.environ.update(SE_OFFLINE="true", SE_AVOID_STATS="true")
    options = ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, f"--user-data-dir={folder}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    if not scripts:
        options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
    driver = Chrome(options=options, service=ChromeService(executable_path=str(DRIVER)))
    try:
        driver.command_executor.client_config.timeout = ANSWER_SECONDS
        driver.set_script_timeout(SCRIPT_SECONDS)
        driver.set_page_load_timeout(SCRIPT_SECONDS)
        cut = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
        driver.execute_cdp_cmd("Network.enable", {})
        driver.execute_cdp_cmd("Network.emulateNetworkConditions", cut)
        window(driver)
        yield driver
    finally:
        driver.quit()


def window(driver: Any, width: int = 1280, height: int = 900, dark: bool = False) -> None:
    """The size of the window in pixels, a phone's below 600, and the colours its owner prefers."""
    wishes = {"prefers-color-scheme": "dark" if dark else "light", "prefers-reduced-motion": "reduce"}
    features = [{"name": name, "value": value} for name, value in wishes.items()]
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def show(driver: Any, page: Path) -> None:
    """Opens a file and waits until it is loaded; what the browser itself asked for before that is forgotten.

    Under load chromedriver may come back before the file is parsed: a page was printed as an empty one.
    """
    from selenium.webdriver.support.ui import WebDriverWait

    address = page.resolve().as_uri()
    driver.get("about:blank")
    driver.get_log("performance")
    driver.get(address)
    loaded = "return document.readyState === 'complete' && document.URL === arguments[0]"
    WebDriverWait(driver, 120).until(lambda d: d.execute_script(loaded, address))


def asked(driver: Any, word: str = "asked") -> int:
    """How often the page was asked to draw, or (word "drawn") has done so."""
    return int(driver.execute_script("return document.body.dataset[arguments[0]] || 0", word))


def drawn(driver: Any, times: int = 1) -> None:
    """Waits until the page was asked to draw that many times and has done all that it was asked for."""
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(driver, 120).until(lambda d: times <= asked(d) == asked(d, "drawn"))


def requests(driver: Any) -> list[str]:
    """Addresses of everything that was asked for, other than files and data within the page."""
    messages = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    sent = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    return [address for address in sent if not address.startswith(("file:", "data:"))]


def complaints(driver: Any) -> list[str]:
    """Errors and warnings on the console, violations of the page's policy among them."""
    return [entry["message"] for entry in driver.get_log("browser") if entry["level"] in SEVERE]


def wider_than_the_window(driver: Any) -> int:
    """By how many pixels the page can be scrolled sideways."""
    return int(
        driver.execute_script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
    )


def open_quietly(driver: Any, page: Path, size: tuple[int, int], dark: bool) -> None:
    """Opens a page in a window of that size; it must ask for nothing, complain of nothing and fit the window."""
    window(driver, *size, dark=dark)
    show(driver, page)
    drawn(driver)
    assert complaints(driver) == []
    assert requests(driver) == []
    assert wider_than_the_window(driver) == 0


def photograph(driver: Any, path: Path) -> None:
    """The whole page as a PNG, for looking."""
    size = driver.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
    clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
    shot = driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip})
    path.write_bytes(base64.b64decode(shot["data"]))


def print_pdf(driver: Any, path: Path) -> None:
    """The page as it would be printed on A4."""
    size = {"paperWidth": 8.27, "paperHeight": 11.69, "printBackground": True, "preferCSSPageSize": True}
    path.write_bytes(base64.b64decode(driver.execute_cdp_cmd("Page.printToPDF", size)["data"]))


def opened(driver: Any, page: Path) -> Any:
    """The driver, once it shows that page in a window of the usual size and everything on it is drawn."""
    window(driver)
    show(driver, page)
    drawn(driver)
    return driver
