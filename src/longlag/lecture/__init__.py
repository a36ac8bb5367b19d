"""The lecture, measured: one file per claim, with `CLAIM` and `measure(seeds) -> Finding` (see `base.py`).

Claims are found by their files. Their texts stand in `claims.toml`, in the order of the lecture. `tools/` holds what
they share, `data/` the records that claim 11 judges. Listing the claims imports no torch.
"""

from __future__ import annotations

from collections.abc import Iterable

from longlag.discovery import Folder
from longlag.errors import unknown

CLAIMS = Folder(__name__, "claim")
names, get = CLAIMS.names, CLAIMS.get


def select(wanted: Iterable[str] = ()) -> list[str]:
    """Slugs in the order of the lecture: those of the slugs or numbers wanted, or of all claims.

    wanted: each a slug or number, or several with commas.

    Raises:
        LonglagError: a slug or number that no claim has.
    """
    from longlag.lecture.base import texts

    numbers = {slug: number for number, slug in enumerate(texts(), start=1)}
    known = {**{name: name for name in numbers}, **{str(number): name for name, number in numbers.items()}}
    wanted = [name.strip() for words in wanted for name in words.split(",")] or list(numbers)
    for name in wanted:
        if name not in known:
            raise unknown("claim", name, known)
    return sorted({known[name] for name in wanted}, key=lambda name: numbers[name])
