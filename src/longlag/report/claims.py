"""The lecture's claims on the page: verdicts and thumbnails from what `longlag lecture --out DIR` wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from longlag.errors import LonglagError
from longlag.report import images
from longlag.store import files

FILE = "lecture.json"
_RANGE = "range over seeds"  # the interval of a number that names no other
_WIDTH = 480  # pixels of a thumbnail: twice what it takes up on the page
# verdict -> sign beside it, so that colour is not all that tells
SIGNS = {"holds": "✓", "holds with a caveat": "≈", "undecided": "?", "does not hold": "✗"}


@dataclass(frozen=True)
class ClaimRow:
    """A claim as a row of the page. plain: its verdict in plain words. thumbnail: a data address, or empty."""

    number: int
    slug: str
    title: str
    sentence: str
    verdict: str
    sign: str
    plain: str
    summary: str
    caveat: str
    numbers: list[str]
    thumbnail: str
    caption: str


def read(folder: Path) -> list[ClaimRow]:
    """The claims measured into that folder, in the order of the lecture.

    Raises:
        LonglagError: no such file, or it is not one that `longlag lecture` wrote.
    """
    with _explained(folder / FILE):
        return sorted((_row(entry, folder) for entry in document(folder)["claims"]), key=lambda row: row.number)


def document(folder: Path) -> dict[str, Any]:
    """What `longlag lecture` wrote into that folder: `seeds`, and an entry per claim in `claims`.

    Raises:
        LonglagError: no such file, or it is not one that `longlag lecture` wrote.
    """
    with _explained(folder / FILE):
        found: dict[str, Any] = json.loads((folder / FILE).read_text("utf-8"))
        if found["check"] != files.checksum([json.dumps(found["claims"])]):
            raise ValueError("its checksum is not that of its claims")
        return found


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LonglagError(
            f"cannot read {path}: {error.strerror}; `longlag lecture --out {path.parent}` writes it"
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise LonglagError(f"{path} is not a file that `longlag lecture` wrote ({error!r}); measure again") from error


def _row(entry: dict[str, Any], folder: Path) -> ClaimRow:
    claim, finding = entry["claim"], entry["finding"]
    verdict = "not measured" if finding is None else str(finding["verdict"])
    figure = folder / "figures" / f"{claim['slug']}.png"
    return ClaimRow(
        number=int(claim["number"]),
        slug=str(claim["slug"]),
        title=str(claim["title"]),
        sentence=str(claim["sentence"]),
        verdict=verdict,
        sign=SIGNS.get(verdict, "–"),
        plain=str(entry["error"] if finding is None else finding["plain"]),
        summary="" if finding is None else str(finding["summary"]),
        caveat="" if finding is None else str(finding["caveat"]),
        numbers=[] if finding is None else [in_words(number) for number in finding["numbers"]],
        thumbnail="" if finding is None else _thumbnail(figure),
        caption=str(entry.get("caption", "")),
    )


def in_words(number: dict[str, Any]) -> str:
    """A measured number on one line: median, unit, range or another interval by name, and how many nets meet its
    threshold."""
    value, low, high = ("–" if number[name] is None else f"{number[name]:.4g}" for name in ("value", "low", "high"))
    unit = f" {number['unit']}" if number["unit"] else ""
    interval = number.get("interval", _RANGE)
    kind = f" ({interval})" if interval != _RANGE else ""
    said = f"{number['name']}: {value}{unit} [{low}, {high}]{kind}"
    return f"{said}; asked: {number['threshold']}, {_outcome(number)}" if number["threshold"] else said


def _outcome(number: dict[str, Any]) -> str:
    """How many nets meet the threshold, which share of all nets that makes likely, and whether most do."""
    said = {None: "undecided", True: "met", False: "not met"}[number["met"]]
    if not number["nets"]:
        return said
    share = "–".join(f"{end:.0%}" for end in number["share"])
    return f"{said} ({number['meeting']} of {number['nets']} nets{f'; {share} of all' if share else ''})"


def _thumbnail(path: Path) -> str:
    return images.of_file(path, _WIDTH) if files.is_file(path) else ""
