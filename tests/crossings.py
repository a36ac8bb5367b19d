"""Words of a figure that cannot be read, because a line crosses them, another word covers them or an edge cuts them."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure


def crossed(figure: Figure, near: float = 0) -> list[str]:
    """The words in the panels of a drawn figure that a line or an axis of their panel crosses or another word covers,
    and its titles that meet another or are cut. near: pixels that a line must leave free beside a word."""
    panels: list[Any] = list(figure.axes)
    tops = [(panel.get_title("left"), panel._left_title.get_window_extent()) for panel in panels]
    titles = [(words, box) for words, box in tops if words]
    sides = figure.bbox.padded(1)
    found = [words for words, box in titles if box.x0 < sides.x0 or box.x1 > sides.x1 or
             any(box.overlaps(other) for _, other in titles if other is not box)]  # fmt: skip
    for panel in panels:
        insets = [text for inset in panel.child_axes for text in (*inset.texts, inset.title, inset._left_title)]
        written = [text for text in (*panel.texts, *insets) if text.get_text().strip()]
        boxes = [(text.get_text(), text.get_window_extent()) for text in written]
        lines: list[Any] = [line for line in panel.lines if line.get_linestyle() != "None"]
        lines += [spine for spine in panel.spines.values() if spine.get_visible() and panel.axison]
        ways = [line.get_transform().transform_path(line.get_path()).cleaned(remove_nans=True) for line in lines]
        for words, box in boxes:
            covered = any(box.overlaps(other) for _, other in boxes if other is not box)
            if covered or any(way.intersects_bbox(box.padded(near), filled=False) for way in ways):
                found.append(words)
    return found
