"""Figures of the lecture's claims, one file each: `draw(finding, width) -> Figure`, `slide(finding, width) -> Figure`,
which is one row of the panels that matter most, and `caption(finding) -> str`.

A finding is what `longlag lecture --json` prints of a claim under "finding": verdict, summary, numbers, caveat, series.
The file is named by the claim's slug; what several figures share is in `base.py`.
"""

from longlag.discovery import Folder

DRAWINGS = Folder(__name__, "figure of a claim")
names, get = DRAWINGS.names, DRAWINGS.get
