"""Images of a page: SVG, but for figures of so many marks that it would be too large."""

import base64
import io

import pytest
from PIL import Image

from longlag.figures.tools import layout
from longlag.report import images


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
