"""Figures, one file each: TITLE, ORDER (its place on the page), `draw(analysis) -> Figure` and
`caption(analysis) -> str`.

One that needs more than rows may also have `lacking(analysis)`: what is not there and where to get it, else "". They
only draw; numbers come from a `longlag.analysis.Analysis`. A new figure is a new file: it is found here, by the command
`longlag figure NAME` and by the report. The folders are `tools/`, which figures share, and `lecture/`, the figures of
claims. This module is light, so that names can be listed without drawing anything.
"""

from longlag.discovery import Folder

FIGURES = Folder(__name__, "figure")
names, get, select = FIGURES.names, FIGURES.get, FIGURES.select
