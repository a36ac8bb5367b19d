"""`python -m longlag.lecture.tools.records FILE`: makes the records that claim 11 judges (`factorial.py` says how)."""

from __future__ import annotations

import sys
from pathlib import Path

from longlag import environment

if __name__ == "__main__":
    environment.prepare()
    from longlag.lecture.tools import factorial  # after the number of threads is set

    factorial.make(Path(sys.argv[1]))
