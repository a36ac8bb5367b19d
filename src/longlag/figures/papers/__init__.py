"""The picture of a paper's table: `draw(cells, curve, width) -> Figure` and `caption(cells, curve) -> str`."""

from longlag.figures.papers.picture import caption, draw

__all__ = ["caption", "draw"]
