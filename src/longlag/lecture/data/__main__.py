"""`python -m longlag.lecture.data [FILE] [TASK ...]`: makes the records of claim 11 (`tools/factorial.py`)."""

from __future__ import annotations

import sys
from pathlib import Path

from longlag import environment
from longlag.lecture.data import INIT_AND_MOMENTUM

if __name__ == "__main__":
    environment.set_environment()
    from longlag.lecture.tools import factorial  # after the number of threads is set

    factorial.make(Path(sys.argv[1]) if sys.argv[1:] else INIT_AND_MOMENTUM, sys.argv[2:])
