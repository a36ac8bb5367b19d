"""What came of rerunning a sample of the reference: a passage of results/reference/README.md.

results/reference/verified.txt is what `longlag verify results/reference --sample 20` printed.
"""

from __future__ import annotations

from pathlib import Path

from longlag.words import count

VERIFIED = Path(__file__).parents[1] / "results/reference/verified.txt"
_HOW = ("byte-identical, on the same kind of machine", "same ")


def sentence(path: Path = VERIFIED) -> str:
    """How many rows of the sample are equal, have the same outcome on another kind of machine, or another one."""
    *rows, total = path.read_text("utf-8").splitlines()
    told = [row.partition(": ")[2] for row in rows]
    equal, same = (sum(words.startswith(how) for words in told) for how in _HOW)
    others = [row for row, words in zip(rows, told, strict=True) if not words.startswith(_HOW)]
    if not total.startswith(f"{equal + same} of {len(rows)} rows verified"):
        raise ValueError(f"{path} is not what `longlag verify` prints: {total}")
    endings = f" ({'; '.join(map(_ending, others))})" if others else ""
    return (
        f"`longlag verify results/reference --sample {len(rows)}` on an AMD EPYC without AVX-512 "
        f"([output](verified.txt)): {count(equal, 'row')} of machines like it, equal to the byte. "
        f"{count(same + len(others), 'row')} of other processors or kernels: {same} with the same outcome and a test "
        f"error within five points, {len(others)} with another outcome{endings}."
    )


def _ending(line: str) -> str:
    """`20-bit memory T=50 ... seed 2, solved became budget` of a line that says so."""
    name, _, words = line.partition(": differs: ")
    return f"{name}, {words.partition(', test error')[0]}"
