"""A figure as a small SVG: matplotlib's own is three times as large, and a page holds sixteen of them.

Nothing that is seen changes: places keep hundredths of a point, names that nothing refers to go, other names become
short, and a style that occurs often is written once.
"""

from __future__ import annotations

import re
from collections import Counter

_PATH = re.compile(r'(?<= d=")[^"]*')
_PLACE = re.compile(r'(?<= [xy]=")[^"]*|(?<=translate\()[^)]*')
_LONG = re.compile(r"-?\d+\.\d{3,}")
_LOOKS = re.compile(r'(?: clip-path="[^"]*")?(?: style="[^"]*")')
_REFERENCE = re.compile(r'(?:(?<=href=")|(?<=url\())#([^")]+)')
_OFTEN = 4  # occurrences from which a style has a class


def small(svg: str) -> str:
    """The same drawing as matplotlib's in fewer letters."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", svg, flags=re.S)
    svg = _PLACE.sub(lambda place: _rounded(place[0]), svg)
    svg = _PATH.sub(lambda path: _tight(_rounded(path[0])), svg)
    svg = " ".join(svg.split()).replace("> <", "><").replace(" />", "/>").replace(": ", ":").replace("; ", ";")
    return _styled(_renamed(svg))


def _rounded(text: str) -> str:
    return _LONG.sub(lambda number: f"{float(number[0]):.2f}".rstrip("0").rstrip("."), text)


def _tight(path: str) -> str:
    """A path without the spaces that separate nothing: M 1 2 L 3 4 is M1,2L3,4."""
    return re.sub(r"\s+", ",", re.sub(r"\s*([A-Za-z])\s*", r"\1", path.strip()))


def _renamed(svg: str) -> str:
    """Ids that are referred to get short names, the others go."""
    used = dict.fromkeys(_REFERENCE.findall(svg))
    short = {name: f"i{number:x}" for number, name in enumerate(used)}
    svg = re.sub(r' id="([^"]*)"', lambda found: f' id="{short[found[1]]}"' if found[1] in short else "", svg)
    return _REFERENCE.sub(lambda found: f"#{short[found[1]]}", svg)


def _styled(svg: str) -> str:
    """Styles that occur often, with the clipping beside them, as classes."""
    often = [looks for looks, n in Counter(_LOOKS.findall(svg)).items() if n >= _OFTEN]
    names = {looks: f"s{number:x}" for number, looks in enumerate(often)}
    rules = "".join(f".{name}{{{_rule(looks)}}}" for looks, name in names.items())
    svg = _LOOKS.sub(lambda looks: f' class="{names[looks[0]]}"' if looks[0] in names else looks[0], svg)
    return re.sub(r"(<svg\b[^>]*>)", lambda head: f"{head[1]}<style>{rules}</style>", svg, count=1)


def _rule(looks: str) -> str:
    """The attributes as what stands between the braces of a style sheet."""
    return ";".join(re.sub(r'clip-path="([^"]*)"', r'="clip-path:\1"', looks).split('"')[1::2])
