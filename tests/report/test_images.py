"""Images of a page: SVG, but for figures of so many marks that it would be too large."""

import base64
import io
from urllib.parse import unquote

import pytest
from PIL import Image

from cases import CASES
from longlag import figures
from longlag.figures.tools import layout, style
from longlag.report import images, svg


@pytest.mark.parametrize(("marks", "kind"), [(images._MOST_MARKS, "svg+xml,"), (images._MOST_MARKS + 1, "png;base64,")])
def test_a_figure_of_very_many_marks_is_painted(marks, kind):
    figure, (axes,) = layout.panels(1, 1.0)
    axes.plot(range(marks - 1), range(marks - 1), ls="", marker=".")
    axes.plot(range(9999), range(9999))  # a line without markers counts nothing
    axes.scatter([0], [0])
    found = images.of_figure(figure)
    assert found.startswith(f"data:image/{kind}")
    assert not {'"', " "} & set(found)
    if kind.startswith("png"):
        assert Image.open(io.BytesIO(base64.b64decode(found.split(",")[1]))).width == 1540


@pytest.mark.parametrize("name", ["overview", "endings"])
@pytest.mark.parametrize("width", [style.PAGE_WIDTH, style.COLUMN_WIDTH])
def test_a_figure_that_is_laid_out_once_is_the_one_that_matplotlib_lays_out(name, width):
    first, second = (figures.get(name).draw(CASES["one seed"](), width=width) for _ in range(2))
    drawing = svg.small(style.encode(first, "svg").decode())
    found = unquote(images.of_figure(second)).removeprefix("data:image/svg+xml,")
    assert found == drawing.replace("'", "&apos;").replace('"', "'")
