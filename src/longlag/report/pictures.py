"""Pictures inside a page: PNG with a palette, a third of the size of what a figure is saved as, as data addresses."""

from __future__ import annotations

import base64
import io
from pathlib import Path

from PIL import Image

from longlag.errors import LonglagError

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
        raise LonglagError(f"{path} is not a whole picture ({error}); delete it and it is drawn again") from error


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
