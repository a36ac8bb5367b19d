"""RUN arguments of the verbs that show several records at once: `low=results/a high=results/b` sets them side by side.

A label stands before the path, as in LABEL=RUN. Every method of that record is then called METHOD-LABEL in rows,
figures and tables (`design/merge.py`). Records without labels are joined as `longlag merge` joins them.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longlag.cli import _arguments, _curves
from longlag.discovery import check_name
from longlag.errors import LonglagError, shown
from longlag.store import files
from longlag.words import join_words

if TYPE_CHECKING:
    from longlag.analysis import Analysis
    from longlag.design.merge import Merged
    from longlag.store.designs import Design

_HELP = (
    "a folder with runs.csv, or such a file; several are joined, and LABEL=RUN adds -LABEL to the names of its methods"
)


@dataclass(frozen=True)
class Record:
    """A file of runs, the learning curves beside it if there are any, and the label of its methods, if any."""

    runs: Path
    curves: Path | None
    label: str = ""


def add(parser: argparse.ArgumentParser) -> None:
    """`RUN [RUN ...]`, each with or without a label, which `read` reads."""
    parser.add_argument("runs", nargs="+", metavar="RUN", help=_HELP)


def add_selection(parser: argparse.ArgumentParser, verb: str) -> None:
    """`--methods` and `--tasks`: what `Analysis.only` keeps."""
    for kind, example in (("methods", "lstm,hf,esn"), ("tasks", "adding,temporal_order")):
        some = f"{verb} these {kind} alone, for a slide or a paper; their names, such as {example}"
        parser.add_argument(f"--{kind}", type=_arguments.names, default=[], metavar="NAMES", help=some)


def split(word: str) -> tuple[str, Path]:
    """The label of an argument, "" without one, and its path. A path that exists is a path, whatever its letters.

    Raises:
        LonglagError: a label that is no name, or no path behind it.
    """
    label, equals, path = word.partition("=")
    if not equals or Path(word).exists():
        return "", Path(word)
    if not path:
        raise LonglagError(f"{shown(word)} has no path; write LABEL=RUN, such as low=results/low")
    check_name(label, f"the label in {shown(word)}")
    return label, Path(path)


def read(words: Sequence[str]) -> list[Record]:
    """The records that the arguments name.

    Raises:
        LonglagError: a folder without rows, a record or a label that is named twice.
    """
    found = []
    for label, path in map(split, words):
        runs = _arguments.runs_file(path)
        found.append(Record(runs, _curves.beside(runs), label))
    if len({record.runs.resolve() for record in found}) < len(found):
        raise LonglagError(f"a record is named twice: {', '.join(words)}")
    labels = [record.label for record in found if record.label]
    for label in labels:
        if labels.count(label) > 1:
            raise LonglagError(f"two records have the label {label!r}; a label is of one record: low=A high=B")
    return _apart(found)


def _apart(found: Sequence[Record]) -> list[Record]:
    """The records, but those in one folder without its curves if one has a label: nobody knows of whose rows they
    are."""
    shared = Counter(record.curves for record in found)
    labelled = {record.curves for record in found if record.label}
    unsure = [path for path in labelled if shared[path] > 1]
    return [replace(record, curves=None) if record.curves in unsure else record for record in found]


def merged(records: Sequence[Record]) -> Merged:
    """The rows of all records, with the methods of labelled ones renamed.

    Raises:
        LonglagError: damaged files, or records that do not fit together.
    """
    from longlag.design.merge import merge
    from longlag.store.records import read_rows

    rows = {str(record.runs): read_rows(record.runs) for record in records}
    return merge(rows, {str(record.runs): record.label for record in records})


def curves(records: Sequence[Record], rows: Merged) -> Any | None:
    """The learning curves of these rows as one pyarrow table, sorted by run; None if no record has any.

    Raises:
        LonglagError: a damaged file.
    """
    from longlag.store.curves import joined

    tables = [_points(record, rows) for record in records if record.curves is not None]
    return joined(tables) if tables else None


def _points(record: Record, rows: Merged) -> Any:
    """The points of the rows that were taken from a record, under the names that its methods have there."""
    import pyarrow.compute as pc

    from longlag.design.merge import variant_of
    from longlag.store.curves import points_of, read_curves, runs_in

    table = read_curves(str(record.curves))
    named = pc.binary_join_element_wise(table["method"], variant_of("", record.label), "")
    place = table.schema.get_field_index("method")
    table = table.set_column(place, table.schema.field(place), named)
    strangers = runs_in(table) - rows.taken.keys()
    _curves.tell_strangers(
        str(record.curves), [*strangers], "the records" if len({*rows.taken.values()}) > 1 else record.runs
    )
    keys = [key for key, name in rows.taken.items() if name == str(record.runs)]
    return points_of(table, keys)


def analysis(words: Sequence[str], curves_file: str | None = None) -> Analysis:
    """What figures, tables and the page show of these records. curves_file: instead of the one beside a single record.

    Raises:
        LonglagError: those of `read` and `merged`, a file of curves given for several records, or no row at all.
    """
    found = _analysis(words, curves_file)
    if found.runs.empty:
        raise LonglagError(f"{join_words(words)} has no rows; name a runs.csv of finished runs")
    return found


def _analysis(words: Sequence[str], curves_file: str | None) -> Analysis:
    from longlag.analysis import Analysis, stats
    from longlag.store.records import Row

    (label, path), *others = map(split, words)
    if not (label or others):
        return _of_one(_arguments.runs_file(path), _curves.of(path, curves_file), named=bool(curves_file))
    if curves_file:
        raise LonglagError(
            "--curves is of one record without a label; of several, the curves.parquet beside each is read: keep each "
            "record in a folder as runs.csv and curves.parquet, and name the folders"
        )
    records = read(words)
    rows = merged(records)
    known = {method: design for record in records for method, design in designs_of(record, rows).items()}
    return Analysis(stats.frame(Row, rows.rows), stats.curves_frame(curves(records, rows)), designs=known)


def _of_one(runs: Path, path: str | Path | None, named: bool) -> Analysis:
    """One record without a label, and its curves. named: by the user, rather than found."""
    from longlag.analysis import Analysis, stats

    loaded = Analysis.load(runs, path)
    points, strangers = stats.of_runs(loaded.curves, loaded.runs)
    if path and named:
        _curves.refuse_strangers(path, points, strangers, runs)
        _curves.tell_outlasting(path, stats.outlasting(points, loaded.runs))
    if path:
        _curves.tell_strangers(path, strangers, runs)
    return replace(loaded, curves=points)


def tell_unread(words: Sequence[str], curves_file: str | None) -> None:
    """Names the files of learning curves beside these records that `analysis` does not read, unless one was chosen."""
    (label, path), *others = map(split, words)
    if label or others:
        found = read(words)
        _curves.tell_unread([one.runs for one in found], [one.curves for one in found], _curves.OF_EACH)
    elif not curves_file:
        _curves.tell_unread([_arguments.runs_file(path)], [_curves.of(path, None)], _curves.OF_ONE)


def designs_of(record: Record, rows: Merged) -> dict[str, Design]:
    """The suites of the methods whose rows were taken from a record."""
    from longlag.store import designs
    from longlag.store.records import key_of

    own = [row for row in rows.rows if rows.taken[key_of(row)] == str(record.runs)]
    return designs.beside(record.runs, ((row.method, row.spec_hash, row.origin) for row in own), record.label)


def file_of(words: Sequence[str]) -> bytes:
    """The rows of these records as a file of runs."""
    from longlag.store.records import encoded

    (label, path), *others = map(split, words)
    if not (label or others):
        return files.read(_arguments.runs_file(path))
    return encoded(merged(read(words)).rows)
