"""How figures look: one colour and marker per method everywhere, column widths, legible type, files without
dates."""

from __future__ import annotations

import io
import itertools
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from longlag.store.files import write_atomically
from longlag.words import capital, method_label, task_label

PAGE_WIDTH = 7.0  # inches: two columns of a paper
COLUMN_WIDTH = 3.4  # inches: one column
DOTS_PER_INCH = 220  # of the PNG
INK, QUIET, FAINT = "#222222", "#6b6b6b", "#dddddd"
LAG = "nominal lag T in steps (minimal lag in brackets)"
LAG_SHORT = "lag T (minimal lag)"
STOPPED = "stopped by a failure, or all sequences used"  # a ladder, by anything but its budget
# seaborn's palette "colorblind", as letters: importing seaborn takes longer than drawing a figure
COLORBLIND = (
    *("#0173b2", "#de8f05", "#029e73", "#d55e00", "#cc78bc", "#ca9161", "#fbafe4", "#949494", "#ece133", "#56b4e9"),
)
_PALETTE = (*COLORBLIND, "#6b4c1e", "#5d3a9b")
_BLUE, _ORANGE, _GREEN, _VERMILLION, _PINK, _BROWN, _ROSE, _GREY, _YELLOW, _SKY, _UMBER, _VIOLET = range(12)
# method -> colour (of the palette, or as hex), share of white mixed in, marker, dash; in drawing order. A tint or a
# colour of its own stands back where a panel is crowded: ablations and baselines.
_KNOWN: dict[str, tuple[int | str, float, str, str]] = {
    "control": (_GREY, 0, "X", "--"),
    "clipping": (_VERMILLION, 0, "v", "-"),
    "esn": (_GREEN, 0, "o", "-"),
    "esn_momentum": (_ORANGE, 0, "D", "-"),
    "hf": (_PINK, 0, "s", "-"),
    "lstm": (_SKY, 0, "^", "-"),
    "lstm_chrono": (_BLUE, 0, "P", "-"),
    # gated nets of today that the reference shows together
    "gru": (_UMBER, 0, "d", "-"),
    "mingru": (_VIOLET, 0, "H", "-"),
    # ablations: a tint of the parent
    "esn_init": (_ORANGE, 0.3, "d", "--"),
    "momentum_plain_init": (_ORANGE, 0.45, "<", ":"),
    "hf_undamped": (_PINK, 0.4, ">", "--"),
    # a name of the package that would ask for another one's style
    "omega": (_YELLOW, 0, "8", "-."),
    # baselines: greys
    "constant": ("#5b5b5b", 0, "p", ":"),
    "random_guessing": ("#7c8799", 0, "h", "-."),
    "time_average": ("#9c8f73", 0, "*", "--"),
    "trained_average": ("#7f8f6a", 0, "<", "-"),
}
# for methods that the table does not name, new ones of the package and plug-ins
_SPARE = (_BROWN, "#5d3a9b", _ROSE, "#8c1d40", "#1f6f5c", "#6b4c1e", _YELLOW)
# white mixed in and dash of variants of a known method, `lstm-low` beside `lstm-high`: its colour and marker
_VARIANTS = ((0.5, "--"), (0.25, ":"), (0.65, "-."))
_SPARE_MARKERS = ("H", "8", "p", "<", ">", "d", "h", "v", "s")
_DASHES = ("-", "--", ":", "-.")
_SIZES = {"X": 1.15, "P": 1.35, "v": 1.1, "^": 1.1, "*": 1.5, "d": 1.15}  # factors that make markers look equally large
_CROWD = 8  # with more methods in a panel, baselines and ablations are drawn faintly
_LONGEST = 34  # letters of a name in a figure; more would push the panels out
_RC: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 8,
    "axes.titlesize": 9,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 8,
    "axes.edgecolor": QUIET,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "lines.linewidth": 1.2,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "pdf.fonttype": 42,
    "svg.hashsalt": "longlag",
}


@dataclass(frozen=True)
class MethodStyle:
    """How one method is drawn."""

    colour: tuple[float, float, float]
    marker: str
    dash: str
    size: float
    back: bool = False  # stands back in a crowded panel


@contextmanager
def applied() -> Iterator[None]:
    """The type and line widths of this project; also a decorator for `draw`."""
    with mpl.rc_context(_RC):
        yield


def styles(methods: Iterable[str], among: Iterable[str] = ()) -> dict[str, MethodStyle]:
    """The style of each method, in drawing order: the table's first, each with its variants, then others by name. No
    two are the same.

    among: all methods of a suite, where a panel shows some of them: which look a variant or a new method gets depends
    on the others.
    """
    asked = set(methods)
    present = asked | set(among)
    found: dict[str, MethodStyle] = {}
    for name, entry in _KNOWN.items():
        if name in present:
            found[name] = _method_style(*entry, back=entry[1] > 0 or isinstance(entry[0], str))
        found |= _variants(
            entry, [other for other in sorted(present) if other.rpartition("-")[0] == name], name in found
        )
    found |= _derived(sorted(present - set(found)))
    return {name: look for name, look in found.items() if name in asked}


def _variants(entry: tuple[int | str, float, str, str], names: Sequence[str], taken: bool) -> dict[str, MethodStyle]:
    """The styles of variants `METHOD-ENDING` of one method, by their endings; of very many none: they are drawn as new
    methods. taken: the method itself is there, with the first look."""
    colour, white, marker, dash = entry
    looks = [(0.0, dash), *((more, other) for more, other in _VARIANTS if other != dash)][taken:]
    if len(names) > len(looks):
        return {}
    return {
        name: _method_style(colour, white + (1 - white) * more, marker, dashes)
        for name, (more, dashes) in zip(names, looks, strict=False)
    }


def _derived(names: Sequence[str]) -> dict[str, MethodStyle]:
    """Styles from the letters of names, so that one more method moves no other.

    A colour and a dash belong to one method, as long as there are enough of both: where two names ask for the same, the
    later in the alphabet gets the next free one. 7 colours and 4 dashes make 28; with 9 markers there are 252 styles.
    """
    pairs = len(_SPARE) * len(_DASHES)
    found: dict[str, int] = {}
    for name in names:
        wanted = int.from_bytes(blake2b(name.encode(), digest_size=8).digest())
        order = (number // pairs * pairs + (wanted + number) % pairs for number in itertools.count())
        found[name] = next(number for number in order if number not in found.values())
    return {name: _spare(number) for name, number in found.items()}


def _spare(i: int) -> MethodStyle:
    dash = _DASHES[i // len(_SPARE) % len(_DASHES)]
    return _method_style(_SPARE[i % len(_SPARE)], 0, _SPARE_MARKERS[i % len(_SPARE_MARKERS)], dash)


def _method_style(colour: int | str, white: float, marker: str, dash: str, back: bool = False) -> MethodStyle:
    full = to_rgb(_PALETTE[colour] if isinstance(colour, int) else colour)
    red, green, blue = (white + (1 - white) * part for part in full)
    return MethodStyle((red, green, blue), marker, dash, _SIZES.get(marker, 1.0), back)


def escape_mathtext(name: str) -> str:
    """A name that matplotlib shows as it is, cut if long: no dollar starts a formula, no underscore hides a label."""
    name = (name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…").replace("$", r"\$")
    return f" {name}" if name.startswith("_") else name


def task_title(name: str) -> str:
    """A task's label as a figure shows it."""
    return escape_mathtext(capital(task_label(name)))


def method_title(name: str) -> str:
    """A method's label as a figure shows it."""
    return escape_mathtext(capital(method_label(name)))


def set_off(axes: Any, method: str) -> None:
    """Sets the name of a method on the vertical axis in bold; "": none."""
    for text in axes.get_yticklabels():
        if method and text.get_text() == method_title(method):
            text.set_fontweight("bold")


def mark(
    axes: Any, x: Any, y: Any, method_style: MethodStyle, filled: bool, size: float = 6, whole: bool = False
) -> None:
    """Markers of a method: filled with a white rim, or open; whole: those at the edge of the panel are not cut."""
    colours = (
        {"color": method_style.colour, "mec": "white", "mew": 0.5}
        if filled
        else {"mfc": "white", "mec": method_style.colour}
    )
    size *= method_style.size
    (line,) = axes.plot(x, y, ls="", marker=method_style.marker, ms=size, zorder=3, clip_on=not whole, **colours)
    line.set_in_layout(not whole)


def dodge(count: int, width: float = 0.62) -> np.ndarray:
    """Offsets [count] that set overlapping methods side by side, `width` in all."""
    return np.linspace(-width / 2, width / 2, count) if count > 1 else np.zeros(count)


def is_back(method_style: MethodStyle, styles: Mapping[str, MethodStyle]) -> bool:
    """Whether the method is drawn faintly: among more than eight methods, if some others are not."""
    return method_style.back and len(styles) > _CROWD and not all(other.back for other in styles.values())


def lag_ticks(axes: Any, lags: Sequence[int], minimal: Sequence[float], thin: bool = False) -> None:
    """Evenly set lags with the minimal lag in brackets below each, where the rows tell it; thin: a
    small panel, in which many lags are labelled by turns, the last one always."""
    labels = [f"{lag}" + ("" if np.isnan(m) else f"\n({m:.0f})") for lag, m in zip(lags, minimal, strict=True)]
    shown = range(len(lags))[:: -2 if thin and len(lags) > 4 else -1][::-1]
    axes.set_xticks(shown, [labels[i] for i in shown])
    axes.set_xlim(-0.55, len(lags) - 0.45)
    axes.tick_params(axis="x", length=0)
    for between in range(1, len(lags)):
        axes.axvline(between - 0.5, color=FAINT, lw=0.5, zorder=0)


def save(figure: Figure, folder: str | Path, name: str) -> list[Path]:
    """Writes NAME.pdf and NAME.png into the folder and returns their paths. The bytes hold no date.

    Raises:
        LonglagError: the folder cannot be written.
    """
    paths = [Path(folder) / f"{name}.pdf", Path(folder) / f"{name}.png"]
    with applied():
        for path in paths:
            write_atomically(path, encode(figure, path.suffix.removeprefix(".")))
    return paths


def encode(figure: Figure, kind: str) -> bytes:
    """The figure as the bytes of a pdf, png or svg file, the same at every call."""
    metadata = {"pdf": {"CreationDate": None}, "png": {"Software": None}, "svg": {"Date": None}}[kind]
    buffer = io.BytesIO()
    # fontTools warns that the fonts of mathematical signs are old: matplotlib's have the dates that they have
    logging.getLogger("fontTools.ttLib.tables._h_e_a_d").setLevel(logging.ERROR)
    figure.savefig(buffer, format=kind, dpi=DOTS_PER_INCH, metadata=metadata)
    return buffer.getvalue()
