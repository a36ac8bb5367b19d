"""Where the rows come from: what ran, with which versions, on what."""

from __future__ import annotations

import pandas as pd

from longlag.words import duration, method_label, task_label

_FACTS = {
    "longlag": "longlag",
    "commit": "commit",
    "python": "Python",
    "torch": "torch",
    "numpy": "numpy",
    "blas": "BLAS",
    "cpu": "processor",
    "device": "device",
    "threads": "threads per process",
    "protocol_version": "protocol version",
}


def facts(runs: pd.DataFrame) -> list[tuple[str, str]]:
    """Name and value of each fact; where rows differ, every value with the number of its rows."""
    known = runs[runs.spec_hash != ""]  # the row of a killed job has none of these facts
    found = [(words, _values(known[column])) for column, words in _FACTS.items()]
    found.append(("task versions", _versions(known, "task")))
    found.append(("method versions", _versions(known, "method")))
    found.append(("CPU time", duration(runs.seconds.sum())))
    started = sorted(text for text in runs.started.astype(str) if text)
    found.append(("started", f"{started[0]} to {started[-1]}" if started else "unknown"))
    return found


def _values(column: pd.Series) -> str:
    texts = column.astype(str)
    counts = texts[texts != ""].value_counts()
    if len(counts) == 1:
        return str(counts.index[0])
    return "; ".join(f"{value} ({n} rows)" for value, n in counts.items()) or "unknown"


def _versions(runs: pd.DataFrame, kind: str) -> str:
    pairs = runs[[kind, f"{kind}_version"]].drop_duplicates().sort_values([kind, f"{kind}_version"])
    label = task_label if kind == "task" else method_label
    texts = (f"{label(name)} ({name}) {version}" for name, version in pairs.itertuples(index=False))
    return "; ".join(texts) or "unknown"
