"""Tables, one file each: TITLE, BESIDE (the figure it belongs to, if any), `build(runs) -> DataFrame` of words ready
to print, and `note(runs) -> str`.

They only word what `longlag.analysis.stats` computes; `tools/render.py` sets them as Markdown, LaTeX and HTML. A new
table is a new file. This module is light, so that names can be listed without building anything.
"""

from longlag.discovery import Folder

TABLES = Folder(__name__, "table")
names, get, select = TABLES.names, TABLES.get, TABLES.select
