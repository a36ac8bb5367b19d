"""Checking a record: run its spec again, and compare what is not volatile.

On the same processor, BLAS kernels, torch, numpy and threads a row must come out the same to the byte. Elsewhere
rounding differs, training is chaotic, and only the verdict and a rough test error can be asked for.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields

from longlag import registry
from longlag.errors import LonglagError
from longlag.provenance import DIGITS_DEPEND_ON, provenance
from longlag.records import VOLATILE, Row, Status
from longlag.spec import RunSpec, prepare
from longlag.train import run

_TOLERANCE = 0.05  # share of test sequences, on another kind of machine


@dataclass(frozen=True)
class Finding:
    """Did a row come out again, and in a line how it was compared."""

    same: bool
    text: str


def repeatable(row: Row) -> bool:
    """Rows that a spec decides: not what was never run, died, or stopped by the clock."""
    return row.status not in (Status.NOT_ATTEMPTED, Status.ERROR, Status.TIMEOUT)


def spec_of(row: Row) -> RunSpec:
    """The spec that a row names.

    Raises:
        LonglagError: its spec column is damaged.
    """
    try:
        spec = json.loads(row.spec)
        overrides, timeout, device = dict(spec["overrides"]), spec["timeout"], str(spec["device"])
    except (ValueError, KeyError, TypeError) as error:
        name = f"{row.task} T={row.lag} {row.method} seed {row.seed}"
        raise LonglagError(f"the spec of row {name} is damaged ({error}); run its job again") from error
    return RunSpec(row.task, row.lag, row.method, (row.seed,), row.budget, overrides, timeout, device)


def again(row: Row) -> Finding:
    """Runs the row's spec and compares."""
    name = f"{row.task} T={row.lag} {row.method} seed {row.seed}"
    spec = spec_of(row)
    for kind, known in (("methods", row.method), ("tasks", row.task)):
        if known not in registry.names(kind):
            raise LonglagError(f"row {name}: {known!r} is not in the tree; if it is a plug-in, add --plugin FILE")
    if prepare(spec).digest != row.spec_hash:
        return Finding(False, f"{name}: differs: its spec or a numerics version has changed since it was recorded")
    new = next(event for event in run(spec) if isinstance(event, Row))
    here = provenance(spec.device)
    other = [key for key in DIGITS_DEPEND_ON if here[key] != getattr(row, key)]
    if other:
        close = new.status == row.status and not abs(new.test_error - row.test_error) > _TOLERANCE  # nan if diverged
        verdict = f"same verdict, test error within {_TOLERANCE:.0%}" if close else f"{row.status} became {new.status}"
        return Finding(close, f"{name}: {verdict}; compared with tolerance, since {', '.join(other)} differ(s) here")
    changed = [
        f.name
        for f in fields(Row)
        if f.name not in VOLATILE and repr(getattr(row, f.name)) != repr(getattr(new, f.name))
    ]
    if changed:
        return Finding(False, f"{name}: differs in {', '.join(changed)}")
    return Finding(True, f"{name}: equal to the byte")
