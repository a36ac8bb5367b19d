"""Errors a user can mend: what is wrong, the value, and the remedy. The command line prints them and exits with 2."""

from __future__ import annotations

import contextlib
import difflib
import math
import os
import re
import sys
import traceback
import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

_PACKAGES = ("longlag", "sklearn", "torch")  # whose frames stand between a user and a warning
_REPOSITORY = "https://github.com/longlag/longlag"  # as in pyproject.toml
_LISTED_LETTERS = 300  # of known names; of a longer list only the nearest are named
_MOST_LETTERS = 500  # of an exception in a line


class LonglagError(Exception):
    """Bad input at a boundary (command line, configuration, file). Bugs raise anything else."""


def documentation(path: str) -> str:
    """The address of a document of the repository, such as "docs/compare.md": pip installs none.

    >>> documentation("docs/compare.md")
    'https://github.com/longlag/longlag/blob/HEAD/docs/compare.md'
    """
    return f"{_REPOSITORY}/blob/HEAD/{path}"


def unknown(kind: str, name: object, known: Iterable[str], label: Callable[[str], str] = str) -> LonglagError:
    """An error for a misspelt name that suggests the nearest known one, and for what is no text at all.

    label: what figures and tables call a name; a reader who types it gets that name.

    >>> str(unknown("task", "ading", ["adding", "temporal_order"]))
    "unknown task 'ading'; did you mean 'adding'? known: adding, temporal_order"
    >>> str(unknown("method", "LSTM", ["hf", "lstm"]))
    "unknown method 'LSTM'; did you mean 'lstm'? known: hf, lstm"
    >>> str(unknown("setting", "adam.lr", ["adam.epsilon", "adam.learning_rate"]))
    "unknown setting 'adam.lr'; did you mean 'adam.learning_rate'? known: adam.epsilon, adam.learning_rate"
    >>> str(unknown("claim", "7", ["10", "9", "echo"]))
    "unknown claim '7'; known: 9, 10, echo"
    >>> str(unknown("method", "LSTM-chrono", ["gru_chrono", "lstm_chrono"]))
    "unknown method 'LSTM-chrono'; did you mean 'lstm_chrono'? known: gru_chrono, lstm_chrono"
    >>> str(unknown("method", "Hessian-Free", ["esn", "hf"], label={"esn": "reservoir", "hf": "Hessian-Free"}.get))
    "unknown method 'Hessian-Free'; did you mean 'hf'? known: esn, hf"
    >>> str(unknown("task", 5, ["adding", "temporal_order"]))
    'unknown task 5; known: adding, temporal_order'
    """
    known = sorted(known, key=lambda name: (int(name) if name.isdecimal() else math.inf, name))
    near, quoted = (nearest_to(name, known, label), repr(name)) if isinstance(name, str) else ("", shown(name))
    hint = f" did you mean {near!r}?" if near else ""
    listed = ", ".join(known) or "none"
    if len(listed) > _LISTED_LETTERS:
        nearest = difflib.get_close_matches(str(name), known, n=5, cutoff=0.0)
        listed = f"{', '.join(nearest)} and {len(known) - len(nearest)} more"
    return LonglagError(f"unknown {kind} {quoted};{hint} known: {listed}")


def nearest_to(name: str, known: Sequence[str], label: Callable[[str], str] = str) -> str:
    """The known name that a misspelt one, or the label of one, most likely means; empty if none is near."""
    alike = [other for other in known if name.lower() in (other.lower(), _with_initials(other))]
    parts = _parts(name)
    alike = alike or [other for other in known if parts and parts in (_parts(other), _parts(label(other)))]
    return next(iter(alike or difflib.get_close_matches(name, known, n=1, cutoff=0.5)), "")


def _parts(name: str) -> list[str]:
    """The words of a name or label, in any order and with anything between them."""
    return sorted(re.findall(r"[^\W_]+", name.lower()))


def _with_initials(path: str) -> str:
    """`optimiser.lr` of `optimiser.learning_rate`."""
    head, dot, last = path.rpartition(".")
    return head + dot + "".join(word[:1] for word in last.split("_"))


def shown(value: Any) -> str:
    """A value as an error message quotes it, in a line; one of hundreds of letters or digits is cut.

    >>> shown(type("Tensor", (), {"__repr__": lambda tensor: "tensor([[1.],\\n        [2.]])"})())
    'tensor([[1.], [2.]])'
    """
    if isinstance(value, int) and abs(value) >= 10**30:
        return "a number of more than 30 digits"
    text = re.sub(r"\s*\n\s*", " ", repr(value))
    return text if len(text) <= 80 else f"{text[:77]}..."


def printable(text: str) -> str:
    """A text in one line: line breaks, control characters and what UTF-8 has no code for as escapes.

    >>> printable("a\\nb")
    'a\\\\nb'
    """
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def line_in(file: Path | None, error: BaseException) -> str:
    """The innermost line of a file that an error passed through: "my_cell.py, line 31"; empty if none."""
    while error.__cause__:
        error = error.__cause__
    if file is None:
        return ""
    frames = traceback.walk_tb(error.__traceback__)
    lines = [line for frame, line in frames if Path(frame.f_code.co_filename).resolve() == file.resolve()]
    return f"{file.name}, line {lines[-1]}" if lines else ""


def in_a_line(error: BaseException, file: Path | None = None) -> str:
    """An exception's kind and text in one line of limited length, whatever a plug-in put into it.

    file: of a plug-in, whose innermost line is added.

    >>> in_a_line(ValueError("a\\r\\nb"))
    'ValueError: a b'
    """
    try:
        words = str(error)
    except Exception:
        words = "its text cannot be shown"
    text = printable(" ".join(f"{type(error).__name__}: {words}".split()))
    if (more := len(text) - _MOST_LETTERS) > 0:
        text = f"{text[:_MOST_LETTERS]}... ({more} more letters)"
    at = line_in(file, error)
    return f"{text} ({at})" if at else text


def say(text: str) -> None:
    """A line of the command for its user, on standard error: results alone are on standard output."""
    print(f"longlag: {text}", file=sys.stderr, flush=True)


def warn_user(message: str, kind: type[Warning] = UserWarning) -> None:
    """A warning at the nearest line of a caller outside this package and those that call it, however deep it arises."""
    loaded = [sys.modules[name] for name in _PACKAGES if name in sys.modules]
    folders = [f"{Path(module.__file__).parent}{os.sep}" for module in loaded if module.__file__]
    inside = (*folders, contextlib.__file__)  # decorators of contextlib wrap methods
    level, frame = 1, sys._getframe()
    while frame.f_back and frame.f_code.co_filename.startswith(inside):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, kind, stacklevel=level)
