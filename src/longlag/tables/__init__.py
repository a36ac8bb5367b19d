"""Tables, one file each: TITLE, BESIDE (the figure it belongs to, if any), `build(analysis) -> DataFrame` of words
ready to print, and `note(analysis) -> str`.

They only word what a `longlag.analysis.Analysis` holds; `tools/render.py` sets them as Markdown, LaTeX and HTML. A new
table is a new file. This module is light, so that names can be listed without building anything.
"""

from longlag.discovery import Folder

TABLES = Folder(__name__, "table")
names, get, select = TABLES.names, TABLES.get, TABLES.select
