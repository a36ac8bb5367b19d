"""Verify a record: run its spec again, and compare all columns that are not volatile.

With the same processor, BLAS kernels, torch, numpy and threads, the new row must be byte-identical. Elsewhere rounding
differs and training is chaotic: how the run began must agree up to rounding, its outcome and approximate test error are
compared. A row of a device that is not present is rerun on the CPU and compared in the second way.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from longlag import protocol, registry
from longlag.engine.beginning import Beginning, allowed
from longlag.engine.devices import check_device
from longlag.engine.progress import title
from longlag.engine.provenance import DIGITS_DEPEND_ON, provenance
from longlag.engine.spec import RunSpec, Setup, resolve, resolve_elsewhere
from longlag.engine.train import modes, train
from longlag.errors import LonglagError
from longlag.store.records import VOLATILE, Row, Status
from longlag.store.specs import spec_changes

_TEST_ERROR_TOLERANCE = 0.05  # share of test sequences, on another kind of machine


@dataclass(frozen=True)
class Comparison:
    """Whether a row was reproduced, one line that says how it was compared, and whether that was byte by byte."""

    same: bool
    text: str
    to_the_byte: bool = True


def spec_of(row: Row) -> RunSpec:
    """The spec that a row was made from.

    Raises:
        LonglagError: its spec column is damaged.
    """
    try:
        spec = json.loads(row.spec)
        overrides, timeout, device = dict(spec["overrides"]), spec["timeout"], str(spec["device"])
        method, stop = str(spec["method"]["name"]), str(spec.get("stop", protocol.STOPS[0]))
        rules = dict(spec.get("rules", {}))
    except (ValueError, KeyError, TypeError) as error:
        raise LonglagError(f"the spec of row {title(row)} is damaged ({error}); run its job again") from error
    variant = row.method if row.method != method else ""
    return RunSpec(
        row.task, row.lag, method, (row.seed,), row.budget, overrides, timeout, device, variant=variant, stop=stop,
        rules=rules
    )  # fmt: skip


def rerun(row: Row) -> Comparison:
    """Runs the row's spec again and compares. A row whose spec cannot be run here is not verified, and says why."""
    name = title(row)
    try:
        setup, recorded = _setups(row)
    except LonglagError as error:
        return Comparison(False, f"{name}: not verified: {error}")
    changed = spec_changes(row.spec, recorded.spec_json)
    if changed or recorded.spec_hash != row.spec_hash:
        what = ", ".join(changed[:3]) or "its spec_hash is not that of its spec"
        own = any(registry.file(kind, known) for kind, known in _names(setup.spec))
        code = "the plug-in as it was then, with the code" if own else "the code"
        then = f"; {code} of commit {row.commit} reruns it" if row.commit else ""
        why = f"its spec or a numerics version has changed since it was recorded ({what}){then}"
        return Comparison(False, f"{name}: differs: {why}")
    new = next(event for event in train(setup) if isinstance(event, Row))
    if new.status == Status.TIMEOUT:
        return Comparison(
            False, f"{name}: not verified: here it was {new.reason}, which says nothing about its numbers"
        )
    reasons = _reasons_to_tolerate(row, provenance(setup.spec.device))
    return _with_tolerance(name, row, new, setup, reasons) if reasons else _to_the_byte(name, row, new)


def _setups(row: Row) -> tuple[Setup, Setup]:
    """What is rerun here, on the CPU if the row's device is not present, and what the record must be of.

    Raises:
        LonglagError: the row's method or task is a plug-in that is not loaded, its spec column is damaged, or `resolve`
            refuses the spec.
    """
    spec = spec_of(row)
    for kind, known in _names(spec):
        if known not in registry.names(kind):
            raise LonglagError(f"{known!r} is not in the tree; if it is a plug-in, add --plugin FILE")
    try:
        check_device(spec.device)
    except LonglagError:
        return resolve(dataclasses.replace(spec, device="cpu")), resolve_elsewhere(spec)
    setup = resolve(spec)
    return setup, setup


def _names(spec: RunSpec) -> tuple[tuple[str, str], ...]:
    return ("methods", spec.method), ("tasks", spec.task)


def _reasons_to_tolerate(row: Row, here: Mapping[str, str | int]) -> list[str]:
    """Why the digits of a row may differ here; empty if they must."""
    other = [
        f"{key} is {here[key]} here, {getattr(row, key)} there"
        for key in DIGITS_DEPEND_ON
        if here[key] != getattr(row, key)
    ]
    blocks = "a GPU rounds differently in blocks of another size"
    return other or ([blocks] if row.device != "cpu" else [])


def _with_tolerance(name: str, row: Row, new: Row, setup: Setup, reasons: Sequence[str]) -> Comparison:
    differs = abs(new.test_error - row.test_error) > _TEST_ERROR_TOLERANCE  # false for nan: both diverged
    same = new.status == row.status and not differs
    began, as_it_began = _as_it_began(row, setup)
    close = same and as_it_began
    if same:
        verdict = f"same outcome, test error within {_TEST_ERROR_TOLERANCE:.0%}, {began}"
    else:
        ends = f"{row.status} became {new.status}, test error {row.test_error:.2%} became {new.test_error:.2%}"
        verdict = f"differs: {ends}, {began}; rounding can change one seed but not success rates: see `longlag diff`"
    return Comparison(
        close, f"{name}: {verdict}; compared with tolerance, since {'; '.join(reasons)}", to_the_byte=False
    )


def _as_it_began(row: Row, setup: Setup) -> tuple[str, bool]:
    """Whether start, first batch and first update are those of the row up to rounding, in words and as a verdict."""
    there = Beginning.read(row.beginning)
    if not there:
        return "how it began is not recorded", True
    with modes():
        here, within = allowed(setup, row.seed)
    if not (names := here.differs(there, within)):
        return "start, first batch and first update equal up to rounding", True
    first = names[0]
    numbers = f"{getattr(there, first):.9g} became {getattr(here, first):.9g}, allowed {getattr(within, first):.2g}"
    return f"its beginning differs by more than rounding in {', '.join(names)} ({first}: {numbers})", False


def _to_the_byte(name: str, row: Row, new: Row) -> Comparison:
    changed = [
        f.name
        for f in fields(Row)
        if f.name not in VOLATILE and repr(getattr(row, f.name)) != repr(getattr(new, f.name))
    ]
    if changed:
        first = f"{changed[0]} {getattr(row, changed[0])} became {getattr(new, changed[0])}"
        return Comparison(False, f"{name}: differs in {', '.join(changed)} ({first}), on the same kind of machine")
    return Comparison(True, f"{name}: byte-identical, on the same kind of machine")
