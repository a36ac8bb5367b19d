"""`python -m longlag.lecture.data [FILE] [TASK ...]`: makes the records of claim 11 (`tools/factorial.py`)."""

from __future__ import annotations

import argparse
from pathlib import Path

from longlag import environment
from longlag.errors import LonglagError
from longlag.lecture.data import INIT_AND_MOMENTUM

if __name__ == "__main__":
    environment.set_environment()
    from longlag.lecture.tools import factorial  # after the number of threads is set

    parser = argparse.ArgumentParser(prog="python -m longlag.lecture.data", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=INIT_AND_MOMENTUM, help="default: that of the package")
    parser.add_argument("tasks", nargs="*", metavar="TASK", help="default: all that the claim has")
    given = parser.parse_args()
    try:
        factorial.make(given.file, given.tasks)
    except LonglagError as error:
        parser.error(str(error))
