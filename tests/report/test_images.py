"""Images of a page: SVG, but for figures of so many marks that it would be too large."""

import base64
import io
from urllib.parse import unquote

import pytest
from PIL import Image

from cases import CASES
from longlag import figures, registry
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


def test_a_painted_figure_keeps_the_colour_of_every_method():
    looks = style.styles(registry.names("methods"))
    figure, (axes,) = layout.panels(1, 2.0)
    for y, look in enumerate(looks.values()):
        axes.plot(range(300), [y] * 300, ls="", marker="s", mew=0, color=look.colour)
    found = images.of_figure(figure)
    image = Image.open(io.BytesIO(base64.b64decode(found.split(",")[1]))).convert("RGB")
    seen = {colour for _, colour in image.getcolors(1 << 24)}
    for look in looks.values():
        wanted = [round(255 * part) for part in look.colour]
        assert min(max(abs(a - b) for a, b in zip(colour, wanted, strict=True)) for colour in seen) <= 1


@pytest.mark.parametrize("name", ["overview", "endings"])
@pytest.mark.parametrize("width", [style.PAGE_WIDTH, style.COLUMN_WIDTH])
def test_a_figure_that_is_laid_out_once_is_the_one_that_matplotlib_lays_out(name, width):
    first, second = (figures.get(name).draw(CASES["one seed"](), width=width) for _ in range(2))
    drawing = svg.small(style.encode(first, "svg").decode())
    found = unquote(images.of_figure(second)).removeprefix("data:image/svg+xml,")
    assert found == drawing.replace("'", "&apos;").replace('"', "'")
