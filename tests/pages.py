"""A page as a browser reads it, without a browser."""

import functools
import html
import io
import re
from html.parser import HTMLParser

import pytest
from matplotlib.figure import Figure
from PIL import Image

from longlag import figures
from longlag.report import images
from longlag.tables import published

VERDICTS = functools.cache(published.verdicts)  # of the records of papers, whatever a page is of
VOID = {"meta", "img", "br", "source", "input"}


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


def policy(page: str) -> str:
    """The content security policy as a browser reads it."""
    return html.unescape(re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1])  # type: ignore[index]


def png(colour: tuple[int, int, int], size: tuple[int, int] = (8, 6)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "png")
    return buffer.getvalue()


def without_figures(patch: pytest.MonkeyPatch) -> None:
    """Figures of pages are neither drawn nor painted, and papers are judged once: that is slow, and tested elsewhere."""
    blank = images.address(png((255, 255, 255)))
    for name in figures.names():
        patch.setattr(figures.get(name), "draw", lambda *data, **width: Figure())
    patch.setattr(images, "of_figure", lambda figure: blank)
    patch.setattr(images, "is_painted", lambda figure: False)
    patch.setattr(published, "verdicts", VERDICTS)
