"""The lecture, measured: one file per claim, with `CLAIM` and `measure(seeds) -> Finding` (see `base.py`).

Claims are found by their files; what they share is in `tools/`. Names are read off the files, so that listing them
imports no torch.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from longlag.errors import unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from longlag.lecture.base import Claim, Finding

_NOT_CLAIMS = {"base"}


class ClaimModule(Protocol):
    """A file of a claim."""

    CLAIM: Claim

    def measure(self, seeds: Sequence[int]) -> Finding:
        """Measures the claim, once per seed."""


def names() -> list[str]:
    """Sorted slugs of all claims; imports none of them."""
    found = pkgutil.iter_modules([str(Path(__file__).parent)])
    return sorted(m.name for m in found if not m.ispkg and m.name not in _NOT_CLAIMS)


def get(slug: str) -> ClaimModule:
    """The module of that claim.

    Raises:
        LonglagError: no such claim (the nearest slug is suggested).
    """
    if slug not in names():
        raise unknown("claim", slug, names())
    return cast(ClaimModule, importlib.import_module(f"{__name__}.{slug}"))


def select(wanted: Iterable[str] = ()) -> list[str]:
    """Slugs in the order of the lecture: those of the slugs or numbers wanted, or of all claims.

    Raises:
        LonglagError: a slug or number that no claim has.
    """
    numbers = {name: get(name).CLAIM.number for name in names()}
    known = {**{name: name for name in numbers}, **{str(number): name for name, number in numbers.items()}}
    wanted = list(wanted) or list(numbers)
    for name in wanted:
        if name not in known:
            raise unknown("claim", name, known)
    return sorted({known[name] for name in wanted}, key=lambda name: numbers[name])
