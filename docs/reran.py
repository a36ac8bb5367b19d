"""What came of rerunning a sample of the reference: a passage of results/reference/README.md.

results/reference/verified.txt is what `longlag verify results/reference --sample 20` printed.
"""

from __future__ import annotations

import re
from pathlib import Path

from longlag.words import count, join_words

VERIFIED = Path(__file__).parents[1] / "results/reference/verified.txt"
_EQUAL, _ELSEWHERE = "byte-identical, on the same kind of machine", "; compared with tolerance"
_HERE = {" on {}": r"cpu is (.+?) here, ", " with {} kernels": r"blas is openblas \S+ (\w+)"}  # what lines say of it


def sentence(path: Path = VERIFIED) -> str:
    """How many rows of the sample are equal, have the same outcome on another kind of machine, or another one.

    Raises:
        ValueError: a row differs on the same kind of machine or was not compared, or this is not a file of `verify`.
    """
    *rows, total = path.read_text("utf-8").splitlines()
    told = {row: row.partition(": ")[2] for row in rows}
    elsewhere = [row for row, words in told.items() if not words.startswith(_EQUAL)]
    if wrong := [row for row in elsewhere if _ELSEWHERE not in row]:
        raise ValueError(f"{path} has a row that is neither equal nor of another kind of machine: {wrong[0]}")
    others = [row for row in elsewhere if not told[row].startswith("same ")]
    equal, same = len(rows) - len(elsewhere), len(elsewhere) - len(others)
    if not total.startswith(f"{equal + same} of {len(rows)} rows verified"):
        raise ValueError(f"{path} is not what `longlag verify` prints: {total}")
    endings = f" ({'; '.join(map(_ending, others))})" if others else ""
    return (
        f"`longlag verify results/reference --sample {len(rows)}`{_here(rows)} ([output](verified.txt)): "
        f"{count(equal, 'row')} of machines like it, equal to the byte. {count(len(elsewhere), 'row')} of other "
        f"processors or kernels: {same} with the same outcome and a test error within five points, {len(others)} with "
        f"another outcome{endings}."
    )


def _here(rows: list[str]) -> str:
    """ " on AMD EPYC with Haswell kernels": the machine of the rerun, as far as rows of other machines tell it."""
    found = {words: sorted({*re.findall(pattern, "\n".join(rows))}) for words, pattern in _HERE.items()}
    return "".join(words.format(join_words(names)) for words, names in found.items() if names)


def _ending(line: str) -> str:
    """`20-bit memory T=50 ... seed 2, solved became budget` of a line that says so."""
    name, _, words = line.partition(": differs: ")
    return f"{name}, {words.partition(', test error')[0]}"
