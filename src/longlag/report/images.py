"""Images inside a page: PNG with a palette, a third of the size of what a figure is saved as, as data addresses."""

from __future__ import annotations

import base64
import io
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from longlag.errors import LonglagError
from longlag.figures.tools import style

_COLOURS = 128  # of the palette; a figure has its methods' colours, greys, and the mixtures at their edges


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


def of_figure(figure: Figure) -> str:
    """The data address of a figure, painted as `style.encode` paints a PNG but without writing and reading one."""
    figure.set_dpi(style.DOTS_PER_INCH)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return _address(Image.frombytes("RGBA", canvas.get_width_height(), bytes(canvas.buffer_rgba())).convert("RGB"))


def address(png: bytes, width: int | None = None) -> str:
    """The image as a data address, made smaller if it is wider than `width` pixels.

    Raises:
        OSError: these bytes are no image.
    """
    with Image.open(io.BytesIO(png)) as opened:
        image = opened.convert("RGB")
    if width is not None:
        image.thumbnail((width, 4 * width), reducing_gap=3)
    return _address(image)


def _address(image: Image.Image) -> str:
    small = io.BytesIO()
    image.quantize(_COLOURS, dither=Image.Dither.NONE).save(small, "png", optimize=True)
    return "data:image/png;base64," + base64.b64encode(small.getvalue()).decode()
