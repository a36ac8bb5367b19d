"""Pictures inside a page: PNG with a palette, a third of the size of what a figure is saved as, as data addresses."""

from __future__ import annotations

import base64
import io

from PIL import Image

_COLOURS = 128  # of the palette; a figure has its methods' colours, greys, and the mixtures at their edges


def address(png: bytes, width: int | None = None) -> str:
    """The picture as a data address, made smaller if it is wider than `width` pixels.

    Raises:
        OSError: these bytes are no picture.
    """
    with Image.open(io.BytesIO(png)) as opened:
        picture = opened.convert("RGB")
    if width is not None:
        picture.thumbnail((width, 4 * width), reducing_gap=3)
    small = io.BytesIO()
    picture.quantize(_COLOURS, dither=Image.Dither.NONE).save(small, "png", optimize=True)
    return "data:image/png;base64," + base64.b64encode(small.getvalue()).decode()
