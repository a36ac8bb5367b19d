"""The frontier: the schema of rows and points, and the files of rows. No torch, no pandas, no seaborn.

A *row* is the outcome of one seed at one lag: `runs.csv`. A *point* is one evaluation of a run in progress:
`curves.parquet`, in `store/curves.py`. Training writes them, analysis reads them, and these two are all that both know.
Files are written whole and atomically: a reader never sees half of one. They carry checksums, a CSV file one per line
and a parquet file one of all its bytes: a result with a flipped bit is refused.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import MISSING, dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from longlag.errors import LonglagError, shown
from longlag.store import csv_text
from longlag.store.files import checksum, is_file, read, read_line, write_atomically


class Status(StrEnum):
    """How a run ended. Every run ends with exactly one of these, and a row."""

    SOLVED = "solved"  # the one test, on unused sequences, met the criterion
    BUDGET = "budget"  # passes, or what the method could do with them, ran out; or confirmed, and then failed the test
    DIVERGED = "diverged"  # a loss or a parameter stopped being finite
    TIMEOUT = "timeout"  # the wall clock's safety net; machine-dependent
    ERROR = "error"  # a bug or a killed job; the reason column says which
    NOT_ATTEMPTED = "not_attempted"  # the ladder stopped below this lag; counts as unsolved


def _column(
    meaning: str, volatile: bool = False, default: Any = MISSING, least: float | None = None, name: bool = False
) -> Any:
    """A column; one that older files lack has a default.

    least: the smallest number that it may hold, if there is one; such a number is finite. name: text in one line.
    """
    return field(default=default, metadata={"meaning": meaning, "volatile": volatile, "least": least, "name": name})


@dataclass(frozen=True)
class Row:
    """One seed at one lag. Volatile columns may differ between two runs of one spec; all others may not (CPU)."""

    task: str = _column("task name", name=True)
    lag: int = _column("the papers' nominal lag T, in steps", least=1)
    minimal_lag: int | None = _column(
        "steps that separate the last relevant input from the scored output, at least", least=0
    )
    method: str = _column("method name", name=True)
    seed: int = _column("seed of all random streams of this run", least=0)
    status: str = _column(
        "solved, budget (it ran out, or a confirmed run failed the test), diverged, timeout, error or not_attempted"
    )
    reason: str = _column("the status in words")
    solved: bool = _column(
        "within the budget confirmed on validation, and at most 1 % of the test set wrong; or the rule `recent` met"
    )
    passes_to_solve: float = _column(
        "sequence passes spent when the run was confirmed as solved; nan if it was not", least=0
    )
    passes: float = _column("sequence passes spent: forward 1, forward and backward 3, Gauss-Newton product 4", least=0)
    budget: float = _column("sequence passes the run was allowed", least=0)
    flops: float = _column(
        "floating-point operations of those passes, and of a readout's closed-form solution", least=0
    )
    updates: int = _column("steps of the optimiser", least=0)
    evaluation_passes: float = _column("sequence passes of the engine's own evaluations; not charged", least=0)
    test_error: float = _column("share of test sequences wrong", least=0)
    test_loss: float = _column("loss on the test set, in the unit that the loss column names")
    test_symbol_error: float = _column("share of scored symbols or values wrong on the test set", least=0)
    test_error_every_step: float = _column(
        "share of test sequences wrong at any step, blanks included; nan if undefined", least=0
    )
    best_error: float = _column("lowest share wrong seen on the monitor's validation sequences", least=0)
    loss: str = _column(
        "what was minimised: squared_error, cross_entropy (nats per scored step), one_hot_error or logistic_error",
        name=True,
    )
    # what the task declares, at the time of the run: no number of the run
    constant_error: float = _column("share wrong of the constant answer that the criterion likes best", volatile=True)
    constant_loss: float = _column("task loss of the constant answer with the lowest one", volatile=True)
    half_solved_error: float = _column("share wrong of the half-solved answer that the task defines", volatile=True)
    half_solved_loss: float = _column("task loss of the half-solved answer", volatile=True)
    parameters: int = _column("trained parameters", least=0)
    seconds: float = _column("CPU seconds, with evaluation; seeds in one program: equal shares", volatile=True, least=0)
    wall_seconds: float = _column("seconds by the clock; seeds in one program: equal shares", volatile=True, least=0)
    task_version: int = _column("version of the task's generator")
    method_version: int = _column("numerics version of the method")
    protocol_version: int = _column("version of the rules of fair play")
    spec_hash: str = _column("digest of the spec and the versions that decide the numbers")
    spec: str = _column("what ran, as JSON")
    longlag: str = _column("package version", volatile=True)
    commit: str = _column("commit of the working tree, with +dirty if it had changes", volatile=True)
    python: str = _column("Python version", volatile=True)
    torch: str = _column("torch version", volatile=True)
    numpy: str = _column("numpy version", volatile=True)
    blas: str = _column("BLAS libraries and the kernels they chose", volatile=True)
    threads: int = _column("threads per process", volatile=True, least=0)
    cpu: str = _column("processor", volatile=True)
    device: str = _column("device of the tensors", volatile=True)
    started: str = _column("start, UTC", volatile=True)
    resumed: int = _column("number of times that the run resumed from a checkpoint", volatile=True, default=0, least=0)
    peak_megabytes: float = _column(
        "largest resident memory of the process when the run had ended, in MiB; nan where the system does not say",
        volatile=True,
        default=math.nan,
        least=0,
    )
    origin: str = _column(
        "file from which a finished row was taken, as `reuse` named it; empty: trained by this suite",
        volatile=True,
        default="",
        name=True,
    )
    test_error_by_lag: str = _column(
        "share of test sequences wrong at the lags of the rule `test_lags`, as JSON; empty without that rule",
        default="",
    )
    beginning: str = _column(
        "norms of the start parameters, of the first batch and of the first update, and the loss of the first step, as "
        "JSON: they agree between machines up to rounding; empty if no step was made",
        volatile=True,
        default="",
    )


GRADIENT_BACK = (0, 1, 2, 5, 10, 20, 40, 80, 160, 320, 640)  # steps before the last one


@dataclass(frozen=True)
class Point:
    """One evaluation of a run in progress, on the engine's fixed grid of passes.

    The columns after `seconds` are gradient flow (`longlag.engine.gradient_flow`), nan or empty where it was not
    recorded: the mean norm of the loss's derivative in the net's state k steps before the last, the share of hidden
    units beyond +-0.9, the spectral radius of W_hh, the norm of the last update, and Hessian-Free's damping, CG
    iterations, reduction ratio, and why CG stopped (`longlag.optimisers.cg`: progress, limit or breakdown).
    """

    task: str
    lag: int
    method: str
    seed: int
    passes: float
    updates: int
    train_loss: float
    error: float
    loss: float
    seconds: float
    gradient_0: float = math.nan
    gradient_1: float = math.nan
    gradient_2: float = math.nan
    gradient_5: float = math.nan
    gradient_10: float = math.nan
    gradient_20: float = math.nan
    gradient_40: float = math.nan
    gradient_80: float = math.nan
    gradient_160: float = math.nan
    gradient_320: float = math.nan
    gradient_640: float = math.nan
    saturated: float = math.nan
    spectral_radius: float = math.nan
    update_norm: float = math.nan
    damping: float = math.nan
    cg_iterations: float = math.nan
    reduction_ratio: float = math.nan
    cg_stopped: str = ""


FLOW = {f.name: f.default for f in fields(Point) if f.default is not MISSING}  # columns of a point that may be missing
COLUMNS = tuple(f.name for f in fields(Row))
VOLATILE = tuple(f.name for f in fields(Row) if f.metadata["volatile"])
KEY = ("task", "method", "lag", "seed")
Key = tuple[str, str, int, int]  # of a row: its values of KEY
CHECK = "check"  # the last column of a runs file: a checksum of the fields before it
_FIRST = sum(f.default is MISSING for f in fields(Row))  # columns of the first version's files; newer ones come last


def key_of(row: Row) -> Key:
    """Task, method, lag and seed."""
    return row.task, row.method, row.lag, row.seed


def is_final(row: Row) -> bool:
    """Whether its spec decides a row: an error, a timeout or what was never run may end otherwise next time."""
    return row.status in (Status.SOLVED, Status.BUDGET, Status.DIVERGED)


def rows_in(folder: Path) -> Path:
    """The file of rows in a folder: runs.csv or, packed, runs.csv.gz; the former if there is neither."""
    written, packed = folder / "runs.csv", folder / "runs.csv.gz"
    return packed if is_file(packed) and not is_file(written) else written


def write_rows(path: str | Path, rows: Iterable[Row]) -> None:
    """Writes rows as CSV, sorted by task, method, lag and seed: the order of running leaves no trace. Raises
    LonglagError if the file cannot be written."""
    write_atomically(path, encoded(rows))


def encoded(rows: Iterable[Row]) -> bytes:
    """The file that `write_rows` writes."""
    lines = [csv_text.line([*COLUMNS, CHECK])]
    for row in sorted(rows, key=key_of):
        texts = [csv_text.text(column, getattr(row, column.name)) for column in fields(Row)]
        lines.append(csv_text.line([*texts, checksum(texts)]))
    return "".join(lines).encode()


def read_rows(path: str | Path) -> list[Row]:
    """Reads rows back; those of older versions lack some columns and the checksums.

    Raises:
        LonglagError: missing, truncated, damaged or foreign file; the message names the line.
    """
    return [Row(*values) for values in zip(*read_columns(path).values(), strict=True)]


def read_columns(path: str | Path) -> dict[str, list[Any]]:
    """`read_rows` as a list of values for each field of `Row`, without a `Row` for each: a large suite has 100,000.

    Raises:
        LonglagError: missing, truncated, damaged or foreign file; the message names the line.
    """
    data = read(path)
    numbered = csv_text.lines(path, data)
    names = _checked(path, next(numbered, (0, []))[1])
    if not data.endswith(b"\n"):
        raise LonglagError(f"{path} is truncated: its last line has no end; run its job again")
    lines = dict(numbered)
    try:
        return _typed([*lines.values()], names)
    except csv_text.BadValue:
        faults = ((number, _fault(line, names)) for number, line in lines.items())
        number, fault = next(found for found in faults if found[1])
        raise LonglagError(f"{path}, line {number}: {fault}") from None


def check_columns(path: str | Path) -> None:
    """Looks at the first line of a file, of however many rows.

    Raises:
        LonglagError: it cannot be read, or its columns are not those of rows.
    """
    _checked(path, next(csv_text.lines(path, read_line(path)), (0, []))[1])


def _checked(path: str | Path, names: list[str]) -> list[str]:
    """The names of the columns, if they are those of rows."""
    known = tuple(names[:-1] if names[-1:] == [CHECK] else names)
    if known != (wanted := COLUMNS[: max(len(known), _FIRST)]):
        raise LonglagError(f"{path} does not have the columns of a runs file: {csv_text.first_unlike(known, wanted)}")
    return names


def _typed(lines: Sequence[Sequence[str]], names: Sequence[str]) -> dict[str, list[Any]]:
    """The values of whole columns, with all checks of `_fault`.

    Raises:
        BadValue: some line has a fault.
    """
    whole = all(len(line) == len(names) for line in lines)
    if not whole or (names[-1] == CHECK and any(line[-1] != checksum(line[:-1]) for line in lines)):
        raise csv_text.BadValue("whole lines")
    texts = dict(zip(names, zip(*lines, strict=True), strict=False)) if lines else dict.fromkeys(names, ())
    columns = {c.name: csv_text.values(c, texts[c.name]) for c in fields(Row) if c.name in texts}
    if not set(columns["status"]) <= set(Status):
        raise csv_text.BadValue(", ".join(Status))
    return {c.name: columns.get(c.name, [c.default] * len(lines)) for c in fields(Row)}


def _fault(line: Sequence[str], names: Sequence[str]) -> str:
    """What is wrong with a line, in words; empty if nothing is."""
    if len(line) != len(names):
        return f"{len(line)} of {len(names)} columns; the file is damaged, run its job again"
    given = line[:-1] if names[-1] == CHECK else line
    if given is not line and line[-1] != checksum(given):
        remedy = "run its job again; if you changed it on purpose, leave out the column check"
        return f"its checksum is not that of its fields; {remedy}"
    for column, text in zip(fields(Row), given, strict=False):  # the newest columns are the last
        try:
            csv_text.value(column, text)
        except csv_text.BadValue as error:
            return f"column {column.name} cannot be {shown(text)}; it must be {error}"
    status = line[COLUMNS.index("status")]
    return "" if status in list(Status) else f"column status cannot be {shown(status)}; known: {', '.join(Status)}"


def check_row(row: Row) -> None:
    """Raises ValueError for a row of another file format whose values are not those that its columns may hold."""
    for column in fields(Row):
        value = getattr(row, column.name)
        if csv_text.value(column, csv_text.text(column, value)) != value and value == value:
            raise ValueError(f"column {column.name} cannot be {value!r}")
    if row.status not in list(Status):
        raise ValueError(f"column status cannot be {row.status!r}")
