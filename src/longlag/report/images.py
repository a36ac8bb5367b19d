"""Images inside a page, as data addresses: figures as SVG, which stays sharp at any size; files of PNG as they are.

A figure of very many marks, such as the seeds of a large suite, is a PNG with a palette: each mark takes a hundred
letters of SVG. The palette holds the commonest colours as they are, so that no method gets the colour of another.
"""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from markupsafe import Markup
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from PIL import Image

from longlag.errors import LonglagError
from longlag.figures.tools import style
from longlag.report import svg

_MOST_MARKS = 5000  # of a figure as SVG
_POINTS = 72  # per inch, the unit of SVG
_COLOURS = 256  # of a palette; a figure has its methods' colours, greys, and the mixtures at their edges
_EFFORT = 6  # of compressing such an image: with 9 it is a little smaller and takes several times as long
_SAFE = "!$'()*+,-./:;<=>?@[]^_`{|}~"  # stand as they are in an address, and in an attribute between double quotes


def of_file(path: Path, width: int | None = None) -> str:
    """`address` of a file of PNG whose checksums hold.

    Raises:
        LonglagError: it cannot be read, or is no whole PNG.
    """
    try:
        png = path.read_bytes()
        with Image.open(io.BytesIO(png), formats=["PNG"]) as opened:
            opened.verify()
        return address(png, width)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:  # all of Pillow's for damage
        raise LonglagError(f"{path} is not a whole image ({error}); delete it and it is drawn again") from error


def address(png: bytes, width: int | None = None) -> str:
    """The image as a data address, made smaller if it is wider than `width` pixels.

    Raises:
        OSError: these bytes are no image.
    """
    with Image.open(io.BytesIO(png)) as opened:
        image = opened.convert("RGB")
    if width is not None:
        image.thumbnail((width, 4 * width), reducing_gap=3)
    small = io.BytesIO()
    image.save(small, "png", optimize=True)
    return "data:image/png;base64," + base64.b64encode(small.getvalue()).decode()


def of_figure(figure: Figure) -> Markup:
    """The data address of a figure as SVG. It holds no space, so that it may stand in `srcset`, and no double quote."""
    if _marks(figure) > _MOST_MARKS:
        return Markup(_painted(figure))
    _lay_out(figure)
    drawing = svg.small(style.encode(figure, "svg").decode()).replace("'", "&apos;").replace('"', "'")
    return Markup("data:image/svg+xml," + quote(drawing, safe=_SAFE))


def _lay_out(figure: Figure) -> None:
    """Places the parts of a figure for SVG, once and for all: matplotlib draws a figure that it lays out twice."""
    if (engine := figure.get_layout_engine()) is not None:
        FigureCanvasSVG(figure)  # whose letters have other widths than those of pixels
        figure.set_dpi(_POINTS)
        engine.execute(figure)
        figure.set_layout_engine(None)


def is_painted(address: str) -> bool:
    """Whether the image behind a data address is a PNG: that of a figure with very many marks."""
    return address.startswith("data:image/png")


def _marks(figure: Figure) -> int:
    """How many markers and shapes are drawn in the panels of a figure."""
    lines = [line for axes in figure.axes for line in axes.lines if line.get_marker() not in ("", " ", "None", None)]
    shapes = [shape for axes in figure.axes for shape in axes.collections]
    return sum(np.size(line.get_xdata()) for line in lines) + sum(len(shape.get_paths()) for shape in shapes)


def _painted(figure: Figure) -> str:
    """The data address of a figure as PNG, painted as `style.encode` paints one but without writing and reading it."""
    figure.set_dpi(style.DOTS_PER_INCH)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    image = Image.frombytes("RGBA", canvas.get_width_height(), bytes(canvas.buffer_rgba())).convert("RGB")
    small = io.BytesIO()
    _with_palette(image).save(small, "png", compress_level=_EFFORT)
    return "data:image/png;base64," + base64.b64encode(small.getvalue()).decode()


def _with_palette(image: Image.Image) -> Image.Image:
    """The image with its commonest colours alone; the others, at the edges of shapes, become the nearest of these. They
    are counted in every third line and column."""
    sample = image.resize((-(-image.width // 3), -(-image.height // 3)), Image.Resampling.NEAREST)
    found: list[tuple[int, Any]] = sample.getcolors(1 << 24) or []
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for _, colour in sorted(found, reverse=True)[:_COLOURS] for part in colour])
    return image.quantize(palette=palette, dither=Image.Dither.NONE)
