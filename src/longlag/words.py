"""Numbers and lists in words, the same in figures, tables and the report. No pandas."""

from __future__ import annotations

import math
from collections.abc import Iterable

from longlag import registry

NOT_RUN = "not run"
_STEPS = (("", 1.0), (" k", 1e3), (" M", 1e6), (" G", 1e9), (" T", 1e12), (" P", 1e15), (" E", 1e18))

_NETS = frozenset({"network", "RNN", "LSTM", "GRU", "LRU", "minGRU"})  # words of the labels of nets


def task_label(name: str) -> str:
    """What people call a task, in the middle of a sentence.

    >>> task_label("temporal_order"), task_label("xor")
    ('temporal order', 'XOR')
    """
    return registry.label("tasks", name)


def method_label(name: str) -> str:
    """What people call a method, in the middle of a sentence.

    >>> method_label("esn"), method_label("hf")
    ('echo state network', 'Hessian-Free')
    """
    return registry.label("methods", name)


def join_tasks(names: Iterable[str]) -> str:
    """Tasks as in a sentence, by their labels."""
    return join_words(map(task_label, names))


def the_method(name: str) -> str:
    """What people call a method, as the subject of a sentence: a net has an article, a way of training has none.

    >>> the_method("esn"), the_method("hf")
    ('the echo state network', 'Hessian-Free')
    """
    label = method_label(name)
    return f"the {label}" if _NETS & {*label.split()} else label


def join_methods(names: Iterable[str]) -> str:
    """Methods as in a sentence, by their labels."""
    return join_words(map(method_label, names))


def capital(text: str) -> str:
    """The text with a capital letter first, as in a title; a name with capitals of its own stays as it is.

    >>> capital("temporal order"), capital("5-bit memory"), capital("iRNN")
    ('Temporal order', '5-bit memory', 'iRNN')
    """
    first = text.partition(" ")[0]
    return text if first != first.lower() else text[:1].upper() + text[1:]


def number(value: float) -> str:
    """At most three digits and a decimal prefix; nan is a dash.

    >>> number(1234567), number(410), number(0.25)
    ('1.23 M', '410', '0.25')
    """
    if not math.isfinite(value):
        return "–" if math.isnan(value) else "∞"
    prefix, unit = next(s for s in reversed(_STEPS) if abs(value) >= s[1] * 0.9995 or s[1] == 1)
    return f"{value / unit:.3g}{prefix}"


def percent(share: float) -> str:
    """A share as a percentage without decimals; nan is a dash.

    >>> percent(0.566)
    '57 %'
    """
    return "–" if math.isnan(share) else f"{100 * share:.0f} %"


def duration(seconds: float) -> str:
    """Seconds, minutes or hours, whichever is read most easily.

    >>> duration(9), duration(136), duration(5300)
    ('9 s', '2.3 min', '1.5 h')
    """
    unit, size = next((u, s) for u, s in (("h", 3600), ("min", 60), ("s", 1)) if seconds >= s or s == 1)
    return f"{seconds / size:.1f}".removesuffix(".0") + f" {unit}"


def count(n: int, noun: str) -> str:
    """The number and its noun, in the plural unless there is one.

    >>> count(1, "seed"), count(5, "seed")
    ('1 seed', '5 seeds')
    """
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def seeds_phrase(sizes: Iterable[int]) -> str:
    """How many seeds stand behind the points of a figure.

    >>> seeds_phrase([3, 5, 5]), seeds_phrase([1, 1])
    ('n = 3 to 5 seeds', 'n = 1 seed')
    """
    found = sorted(set(sizes)) or [0]
    return f"n = {count(found[0], 'seed')}" if len(found) == 1 else f"n = {found[0]} to {found[-1]} seeds"


def join_words(items: Iterable[str]) -> str:
    """Items as in a sentence.

    >>> join_words(["a", "b", "c"])
    'a, b and c'
    """
    items = list(items)
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)


def reached(reach: float, at_limit: bool) -> str:
    """A reach in steps: "≥ 200" if it is the largest lag that was tried, "none" if nothing was solved."""
    if math.isnan(reach):
        return NOT_RUN
    return "none" if reach == 0 else f"≥ {reach:.0f}" if at_limit else f"{reach:.0f}"


def reach_interval(low: float, high: float, largest: float) -> str:
    """An interval of reach in steps; where it ends with the largest lag that was tried, the truth may lie beyond.

    >>> reach_interval(0, 50, 200), reach_interval(100, 200, 200)
    ('[none, 50]', '[100, ≥ 200]')
    """
    return f"[{reached(low, low == largest)}, {reached(high, high == largest)}]"


def interval(low: float, high: float) -> str:
    """An interval in brackets, for instance [50, 100]."""
    return f"[{low:.0f}, {high:.0f}]"


def percent_interval(low: float, high: float) -> str:
    """An interval of shares, in per cent.

    >>> percent_interval(0.5, 1)
    '[50, 100] %'
    """
    return f"{interval(100 * low, 100 * high)} %"


def setting(value: object) -> str:
    """A value of a setting, a number with six digits: `0.003`, `True`, `relu`."""
    return f"{value:g}" if isinstance(value, float) and math.isfinite(value) else str(value)
