"""Figures of demonstrations, one file each: `draw(record, width) -> Figure` of a committed record."""
